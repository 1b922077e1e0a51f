import { readFile, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { openLoader, openPictures } from "../../../lib/data/loader.js";
import { compiled, ended, startModule } from "../../support/cli.js";
import { engineEnv, failure, ownCache, shapes, small } from "../../support/small.js";
import { temporaryFolder, writeTree } from "../../support/temporary.js";

beforeEach(() => {
  ownCache();
});

async function fed(batch = 3) {
  const dataset = await shapes().read();
  const pictures = await openPictures(dataset, { cache: "none" });
  const options = { batch, seed: 0, workers: 1, augment: null };
  return { dataset, pictures, loader: openLoader(pictures, small, options) };
}

describe("a feed", () => {
  test("tells which picture cannot be decoded, and gives it once it is put right", async () => {
    const { dataset, pictures, loader } = await fed();
    const { image } = dataset.items[1]!;
    const sound = await readFile(image);
    await writeFile(image, sound.subarray(0, sound.length / 2));
    loader.start(0, Uint32Array.of(0, 1, 2), 0);
    await expect(loader.next()).rejects.toEqual(failure("BAD_DATA", image));
    await writeFile(image, sound);
    loader.start(1, Uint32Array.of(0, 1, 2), 0);
    expect((await loader.next()).indices).toEqual([0, 1, 2]);
    loader.dispose();
    pictures.native.dispose();
  });

  test("gives a picture as often as it stands in the order", async () => {
    const { pictures, loader } = await fed(4);
    loader.start(0, Uint32Array.of(5, 5, 5, 5, 5, 2), 0);
    expect((await loader.next()).indices).toEqual([5, 5, 5, 5]);
    expect((await loader.next()).indices).toEqual([5, 2]);
    loader.dispose();
    pictures.native.dispose();
  });

  test("that is disposed of ends who waits for it", async () => {
    const { pictures, loader } = await fed();
    loader.start(0, Uint32Array.of(0, 1, 2), 0);
    const next = loader.next();
    pictures.native.dispose();
    await expect(next).rejects.toEqual(failure("CANCELLED"));
    expect(() => pictures.native.length).toThrow(failure("DISPOSED"));
    pictures.native.dispose();
    loader.dispose();
  });

  test("stands by a loader that is disposed of at any moment", async () => {
    const { pictures, loader } = await fed();
    loader.dispose();
    const options = { batch: 3, seed: 0, workers: 2, augment: null };
    for (let i = 0; i < 20; i++) {
      const other = openLoader(pictures, small, options);
      other.start(
        0,
        Uint32Array.from({ length: 12 }, (_, at) => at),
        0,
      );
      if (i % 2 === 0) await other.next();
      other.dispose();
    }
    pictures.native.dispose();
  });
});

// A feed and a loader on it that has begun, as text for a process of its own or for a worker.
const begin = `
import { synthetic } from "${compiled("data/synthetic.js")}";
import { openLoader, openPictures } from "${compiled("data/loader.js")}";
import { presets } from "${compiled("presets.js")}";
const dir = process.env.FOLDER + "/shapes";
const dataset = await synthetic("shapes", { images: 30, size: 64, dir }).read();
const pictures = await openPictures(dataset, { cache: "none" });
const options = { batch: 8, seed: 0, workers: 2, augment: null };
const loader = openLoader(pictures, presets["ssd128-tiny"], options);
loader.start(0, Uint32Array.from({ length: 30 }, (_, i) => i), 0);
`;

const work = `${begin}
import { parentPort } from "node:worker_threads";
parentPort.postMessage("begun");
for (let epoch = 1; ; epoch++) {
  for (let i = 0; i < 4; i++) await loader.next();
  loader.start(epoch, Uint32Array.from({ length: 30 }, (_, i) => i), 0);
}`;

async function inProcess(program: string) {
  const FOLDER = writeTree(temporaryFolder(), { "work.mjs": work, "main.mjs": program });
  const child = startModule('await import(process.env.FOLDER + "/main.mjs");', {
    ...engineEnv(),
    FOLDER,
  });
  const { out, err } = await ended(child);
  return { code: child.exitCode, signal: child.signalCode, out, err };
}

describe("a process", () => {
  test("does not stay for a feed that nobody asks", async () => {
    const program = `${begin} await loader.next();`;
    expect(await inProcess(program)).toEqual({ code: 0, signal: null, out: "", err: "" });
  });

  test("may exit while pictures are decoded and waited for", async () => {
    const program = `${begin} void loader.next(); process.exit(7);`;
    expect(await inProcess(program)).toEqual({ code: 7, signal: null, out: "", err: "" });
  });

  test("goes on when worker threads that are fed are terminated", async () => {
    const program = `
      import { once } from "node:events";
      import { Worker } from "node:worker_threads";
      for (let i = 0; i < 4; i++) {
        const worker = new Worker(process.env.FOLDER + "/work.mjs", { execArgv: [] });
        await once(worker, "message");
        await new Promise((resolve) => setTimeout(resolve, 40 * i));
        console.log(await worker.terminate());
      }`;
    const out = "1\n1\n1\n1\n";
    expect(await inProcess(program)).toEqual({ code: 0, signal: null, out, err: "" });
  });
});
