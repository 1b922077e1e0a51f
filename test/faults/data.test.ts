import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expectSentence, pets, run, trainArgs } from "../support/faults.js";
import { temporaryFolder } from "../support/temporary.js";
import { cat, dog, vocXml } from "../support/voc.js";

describe("data that cannot be used end with 3 and a sentence", () => {
  test("a folder that is not there", () => {
    const dir = join(temporaryFolder(), "missing");
    expectSentence(run(trainArgs(dir)), 3, dir);
  });

  test("a folder without pictures", async () => {
    const dir = temporaryFolder();
    expectSentence(run(trainArgs(dir)), 3, dir, "got neither");
    await mkdir(join(dir, "JPEGImages"));
    await mkdir(join(dir, "Annotations"));
    expectSentence(run(trainArgs(dir)), 3, dir, "expected pictures", "got none");
  });

  test("a broken annotation", async () => {
    const dir = await pets({ b: "<annotation><object>" });
    expectSentence(run(trainArgs(dir)), 3, join(dir, "Annotations", "b.xml"), "XML");
  });

  test("an annotation without its picture", async () => {
    const dir = await pets();
    await rm(join(dir, "JPEGImages", "c.jpg"));
    expectSentence(run(trainArgs(dir)), 3, join(dir, "Annotations", "c.xml"), "expected a picture");
  });

  test("a truncated picture", async () => {
    const dir = await pets();
    const file = join(dir, "JPEGImages", "c.jpg");
    await writeFile(file, (await readFile(file)).subarray(0, 700));
    expectSentence(run(trainArgs(dir)), 3, file, "expected a picture that can be decoded");
  });

  test("a class that is not in the list", async () => {
    const dir = await pets();
    const ended = run(trainArgs(dir, "--classes", "cat,bird"));
    expectSentence(ended, 3, join(dir, "Annotations", "a.xml"), "object 1", "cat, bird", '"dog"');
  });

  test("a set that is not there names the nearest", async () => {
    const dir = await pets();
    await mkdir(join(dir, "ImageSets", "Main"), { recursive: true });
    await writeFile(join(dir, "ImageSets", "Main", "train.txt"), "a\nb\n");
    const args = trainArgs(dir);
    args[2] = `voc:${dir}:trian`;
    expectSentence(run(args), 3, '"trian"', 'did you mean "train"?');
  });

  test("pictures to detect on", async () => {
    const dir = await pets();
    const weights = await trained(dir);
    const none = join(dir, "none.jpg");
    const args = ["detect", "--weights", weights, "--out", temporaryFolder()];
    expectSentence(run([...args, none]), 3, none);
  });
});

describe("data that are partly wrong are used all the same", () => {
  test("boxes without area are dropped, counted and named, and the run goes on", async () => {
    const flat = { ...cat, box: [9, 9, 9, 20] };
    const upside = { ...dog, box: [5, 20, 30, 10] };
    const dir = await pets({ b: [cat, flat], c: [upside, dog] });
    const { code, out, err } = run(trainArgs(dir, "--json"));
    const file = (name: string) => join(dir, "Annotations", name);
    expect(err).toContain(`zero-area ${file("b.xml")}#1: "cat" at xmin 9, ymin 9, xmax 9, ymax 20`);
    expect(err).toContain(`zero-area ${file("c.xml")}#0: "dog"`);
    expect(err).toContain("2 problems: zero-area 2\n");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ epochs: 1 });
  });

  test("boxes that are no numbers likewise", async () => {
    const xml = vocXml([cat, { ...dog, box: ["", "x", 20, 20] }], [40, 30]);
    const { code, err } = run(trainArgs(await pets({ d: xml })));
    expect(err).toMatch(/^not-finite .*d\.xml#1: "dog"/m);
    expect(code).toBe(0);
  });
});

/** Weights of a run of an epoch. */
async function trained(dir: string): Promise<string> {
  const { code, out } = run(trainArgs(dir, "--json"));
  expect(code).toBe(0);
  return JSON.parse(out).weights;
}
