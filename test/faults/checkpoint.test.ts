import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeSafetensors } from "../../lib/checkpoint/safetensors.js";
import { Detector } from "../../lib/detector.js";
import { expectSentence, pets, run, trainArgs } from "../support/faults.js";
import { temporaryFolder } from "../support/temporary.js";

const classes = ["cat", "dog"];

async function weights(): Promise<string> {
  const file = join(temporaryFolder(), "weights.safetensors");
  await Detector.create("ssd128-tiny", { classes }).save(file);
  return file;
}

async function cutShort(): Promise<string> {
  const file = await weights();
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, bytes.length / 2));
  return file;
}

describe("weights that are damaged end with 4 and a sentence", () => {
  test("cut short, wherever they are asked for", async () => {
    const file = await cutShort();
    const dir = await pets();
    const image = join(dir, "JPEGImages", "a.jpg");
    const out = temporaryFolder();
    for (const args of [
      ["eval", "--weights", file, "--data", `voc:${dir}`],
      ["detect", "--weights", file, "--out", out, image],
      trainArgs(dir, "--teacher", file),
      trainArgs(dir, "--init", file),
    ]) {
      expectSentence(run(args), 4, file, "cut short?");
    }
  });

  test("a byte that is another", async () => {
    const file = await weights();
    const bytes = await readFile(file);
    bytes[bytes.length - 100]! ^= 1;
    await writeFile(file, bytes);
    const args = ["eval", "--weights", file, "--data", `voc:${await pets()}`];
    expectSentence(run(args), 4, file, "sha256", "damaged");
  });

  test("no weights at all", async () => {
    const dir = await pets();
    const picture = join(dir, "JPEGImages", "a.jpg");
    const none = join(dir, "none.safetensors");
    for (const file of [picture, none]) {
      expectSentence(run(["eval", "--weights", file, "--data", `voc:${dir}`]), 4, file);
    }
  });

  test("nothing that fits", async () => {
    const file = join(temporaryFolder(), "other.safetensors");
    const data = new Uint8Array(4);
    await writeSafetensors(file, [{ name: "other", dtype: "float32", shape: [1], data }], {});
    const ended = run(trainArgs(await pets(), "--init", file));
    expectSentence(ended, 4, file, "got none that fits", "other");
    const own = run(["eval", "--weights", file, "--data", `voc:${await pets()}`]);
    expectSentence(own, 4, file, "without its description");
  });

  test("a run whose last checkpoint is cut short cannot be resumed", async () => {
    const args = trainArgs(await pets());
    expect(run(args).code).toBe(0);
    const out = args[args.indexOf("--out") + 1]!;
    const last = join(out, "checkpoints", "last.safetensors");
    const bytes = await readFile(last);
    await writeFile(last, bytes.subarray(0, -7));
    const ended = run(["train", "--resume", "--out", out, "--epochs", "2"]);
    expectSentence(ended, 4, last, "cut short?");
    await writeFile(join(out, "options.json"), "{");
    expectSentence(run(["train", "--resume", "--out", out]), 4, join(out, "options.json"), "JSON");
  });
});
