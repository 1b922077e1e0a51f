import { mkdirSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { Detector } from "../../../lib/detector.js";
import { stdoutOf } from "../../support/program.js";
import { failure, ownCache } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, writeDevkit } from "../../support/voc.js";

let dir: string;
let weights: string;

beforeEach(async () => {
  ownCache();
  dir = await writeDevkit(temporaryFolder(), { a: [cat, dog], b: [cat], c: [] });
  weights = join(temporaryFolder(), "weights.safetensors");
  await Detector.create("ssd128-tiny", { classes: ["cat", "dog"] }).save(weights);
});

describe("eval", () => {
  test("prints a line a class and the mean", async () => {
    const out = await stdoutOf("eval", "--weights", weights, "--data", `voc:${dir}`);
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^cat +[01]\.\d{4} {2}\(2 truths\)$/);
    expect(lines[1]).toMatch(/^dog +[01]\.\d{4} {2}\(1 truths\)$/);
    expect(lines[2]).toMatch(/^mAP +[01]\.\d{4}$/);
    expect(lines).toHaveLength(3);
  });

  test("with --json prints one object, by the protocol that was asked for", async () => {
    const words = ["eval", "--weights", weights, "--data", `voc:${dir}`, "--json"];
    const printed = await stdoutOf(...words);
    expect(printed.trimEnd()).not.toContain("\n");
    const { map, classes } = JSON.parse(printed);
    expect(classes).toEqual([
      { name: "cat", ap: expect.any(Number), truths: 2 },
      { name: "dog", ap: expect.any(Number), truths: 1 },
    ]);
    expect(map).toBeCloseTo((classes[0].ap + classes[1].ap) / 2, 10);
    const old = JSON.parse(await stdoutOf(...words, "--metric", "voc11", "--batch", "1"));
    expect(Object.keys(old)).toEqual(["map", "classes"]);
    // At every IoU but the least nothing is found by weights that know nothing.
    const strict = JSON.parse(await stdoutOf(...words, "--iou", "1"));
    expect(strict.map).toBe(0);
  });

  test("is the same wherever the pictures are kept", async () => {
    const words = ["eval", "--weights", weights, "--data", `voc:${dir}`, "--json"];
    const packed = await stdoutOf(...words);
    for (const cache of ["ram", "none"]) {
      expect(await stdoutOf(...words, "--cache", cache)).toBe(packed);
    }
    const failing = stdoutOf(...words, "--cache", "gpu");
    await expect(failing).rejects.toEqual(failure("BAD_OPTION", "on the CPU"));
  });

  test("by COCO's prints its twelve numbers", async () => {
    const words = ["eval", "--weights", weights, "--data", `voc:${dir}`, "--metric", "coco"];
    const { map, classes, ...numbers } = JSON.parse(await stdoutOf(...words, "--json"));
    const names = "AP AP50 AP75 APs APm APl AR1 AR10 AR100 ARs ARm ARl".split(" ");
    expect(Object.keys(numbers)).toEqual(names);
    expect(map).toBe(numbers.AP);
    expect(map).toBeCloseTo((classes[0].ap + classes[1].ap) / 2, 10);
    // Nothing here is as large as 96 pixels.
    expect([numbers.APl, numbers.ARl]).toEqual([-1, -1]);
    const lines = (await stdoutOf(...words)).trimEnd().split("\n");
    expect(lines.slice(0, 2).map((line) => line.split(" ")[0])).toEqual(["cat", "dog"]);
    expect(lines.slice(2).map((line) => line.split(/ +/))).toEqual(
      names.map((name) => [name, numbers[name].toFixed(4)]),
    );
  });

  test.each([
    [["--metric", "coca"], 'did you mean "coco"?'],
    [["--metric", "coco", "--iou", "0.5"], 'no "iou" with protocol "coco"'],
    [["--iou", "x"], '"iou"'],
    [["--exif", "aply"], 'did you mean "apply"'],
    [["--max-pixels", "0"], '"picture.maxPixels"'],
    [["--batch", "0"], '"batch"'],
    [["--device", "gpu"], "gpu"],
  ])("%j is refused", async (flags, part) => {
    const words = ["eval", "--weights", weights, "--data", `voc:${dir}`, ...flags];
    await expect(stdoutOf(...words)).rejects.toEqual(failure("BAD_OPTION", part));
  });
});

describe("detect", () => {
  const image = (name: string) => join(dir, "JPEGImages", `${name}.jpg`);

  test("draws every picture and prints what was found", async () => {
    const out = join(temporaryFolder(), "found");
    const words = ["detect", "--weights", weights, "--out", out, image("a"), image("b")];
    const { images } = JSON.parse(await stdoutOf(...words, "--min-score", "0.2", "--json"));
    expect((await readdir(out)).sort()).toEqual(["a.png", "b.png", "detections.json"]);
    expect(JSON.parse(await readFile(join(out, "detections.json"), "utf8"))).toEqual({ images });
    const text = await stdoutOf(...words, "--min-score", "0.2");
    const lines = images.flatMap((found: { image: string; detections: unknown[] }) => [
      `${found.image}: ${found.detections.length} found`,
      ...found.detections.map(() =>
        expect.stringMatching(/^ {2}(cat|dog) 0\.\d{3} \[(\d+\.\d(, |\])){4}$/),
      ),
    ]);
    expect(text.trimEnd().split("\n")).toEqual(lines);
    expect(lines.length).toBeGreaterThan(2);
  });

  test.each([
    [["--min-score", "x"], '"minScore"'],
    [["--min-score", "2"], '"minScore"'],
  ])("%j is refused", async (flags, part) => {
    const words = ["detect", "--weights", weights, "--out", temporaryFolder(), image("a")];
    await expect(stdoutOf(...words, ...flags)).rejects.toEqual(failure("BAD_OPTION", part));
  });

  test("a folder where a picture should be drawn", async () => {
    const out = temporaryFolder();
    mkdirSync(join(out, "a.png"));
    const words = ["detect", "--weights", weights, "--out", out, image("a")];
    await expect(stdoutOf(...words)).rejects.toEqual(failure("BAD_OPTION", join(out, "a.png")));
  });
});
