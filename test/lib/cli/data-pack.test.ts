import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { expectSentence, pets, run } from "../../support/faults.js";
import { flip } from "../../support/packs.js";
import { stdoutOf } from "../../support/program.js";
import { ownCache } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, writeDevkit } from "../../support/voc.js";

beforeEach(() => {
  ownCache();
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
});

/** The result of a pack of two pictures. */
async function packed(...words: string[]) {
  return JSON.parse(await stdoutOf("data", "pack", ...words, "--json"));
}

async function twoPictures(): Promise<string> {
  return `voc:${await writeDevkit(temporaryFolder(), { a: [cat], b: [dog] })}`;
}

describe("data pack", () => {
  test("writes the file where it is told, and says what it did", async () => {
    const spec = await twoPictures();
    const out = temporaryFolder();
    const first = await packed(spec, "--out", out);
    const { path, bytes } = first;
    expect(path.startsWith(out)).toBe(true);
    const file = await readFile(path);
    expect([file.toString("latin1", 0, 8), file.length]).toEqual(["SSDPACK2", bytes]);
    const both = { items: 2, problems: [], seconds: expect.any(Number) };
    expect(first).toMatchObject({ ...both, decoded: 2, reused: 0 });
    expect(first.picturesPerSecond).toBeCloseTo(2 / first.seconds);
    expect(await packed(spec, "--out", out)).toMatchObject({ path, decoded: 0, reused: 2 });
  });

  test("without --out it is where training looks for it", async () => {
    const text = await stdoutOf("data", "pack", await twoPictures());
    expect(text).toMatch(
      /^2 pictures in .*packs.[0-9a-f]{64}\.pack: 2 decoded, 0 there already\n$/,
    );
    expect(text).toContain(process.env.SSD_DISTILL_CACHE);
  });

  test("repairs a pack that is damaged", async () => {
    const spec = await twoPictures();
    const { path } = await packed(spec);
    const sound = await readFile(path);
    await writeFile(path, flip(Buffer.from(sound), 4096 + 99));
    expect(await packed(spec)).toMatchObject({ path, decoded: 1, reused: 1 });
    expect((await readFile(path)).equals(sound)).toBe(true);
  });

  test("--max-side makes a smaller one", async () => {
    const spec = await twoPictures();
    const whole = await packed(spec);
    const small = await packed(spec, "--max-side", "10");
    expect(small.path).not.toBe(whole.path);
    await expect(packed(spec, "--max-side", "0")).rejects.toMatchObject({
      code: "BAD_OPTION",
      message: expect.stringContaining("maxSide"),
    });
  });

  test("--exif and --max-pixels decode as they do in training", async () => {
    const spec = await twoPictures();
    const { path } = await packed(spec);
    expect((await packed(spec, "--exif", "ignore")).path).not.toBe(path);
    const failing = packed(spec, "--max-pixels", "1000", "--out", temporaryFolder());
    await expect(failing).rejects.toMatchObject({ code: "BAD_DATA" });
  });

  test("--classes holds the data to a list", async () => {
    const spec = await twoPictures();
    await expect(packed(spec, "--classes", "cat")).rejects.toMatchObject({ code: "BAD_DATA" });
    expect(await packed(spec, "--classes", "dog, cat")).toMatchObject({ items: 2 });
  });

  test("fails on a picture that cannot be decoded", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat] });
    await writeFile(join(dir, "JPEGImages", "a.jpg"), "no picture");
    await expect(packed(`voc:${dir}`, "--out", temporaryFolder())).rejects.toMatchObject({
      code: "BAD_DATA",
      message: expect.stringContaining("a.jpg"),
    });
  });

  test("in a process of its own: progress on stderr, one object on stdout", async () => {
    const spec = `voc:${await pets()}`;
    const { code, out, err } = run(["data", "pack", spec, "--json"]);
    expect([code, JSON.parse(out).items]).toEqual([0, 4]);
    const [space, last] = err.trimEnd().split("\n");
    expect(space).toMatch(/^4 pictures, [\d.]+ KB decoded, [\d.]+ [GT]B free$/);
    expect(last).toMatch(/^Reading pictures: 100%.*4\/4/);
    expectSentence(run(["data", "pack", "voc:/none/such"]), 3, "/none/such");
  });
});
