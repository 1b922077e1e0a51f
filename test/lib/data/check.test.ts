import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { checkDataset, isUnusable } from "../../../lib/data/check.js";
import { voc } from "../../../lib/data/voc.js";
import { hasData, onRealData, realData } from "../../support/data.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, picture, vocXml, writeDevkit, writeFiles } from "../../support/voc.js";

const content = { a: [cat, dog], b: [cat], c: [] };

test("a sound set has no problems", async () => {
  const dir = await writeDevkit(temporaryFolder(), content);
  const progress: number[][] = [];
  const found = await checkDataset(voc(dir), {
    onProgress: (done, total) => progress.push([done, total]),
  });
  expect(found).toEqual({ items: 3, boxes: 3, classes: { cat: 2, dog: 1 }, problems: [] });
  expect(progress).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
});

test("a truncated picture is found and not counted", async () => {
  const dir = await writeDevkit(temporaryFolder(), content);
  const file = join(dir, "JPEGImages", "a.jpg");
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, bytes.length - 200));
  const { items, boxes, classes, problems } = await checkDataset(voc(dir));
  expect([items, boxes, classes]).toEqual([2, 1, { cat: 1, dog: 0 }]);
  expect(problems).toMatchObject([{ kind: "unreadable-picture", file }]);
  expect(problems[0]!.message).toContain("expected a picture that can be decoded");
});

test("everything at once: each problem is named, none stops the search", async () => {
  const twice = [cat, dog, cat];
  const dir = await writeDevkit(temporaryFolder(), {
    ...content,
    d: "<annotation>",
    e: [{ ...cat, box: [5, 5, 5, 9] }],
    f: [{ ...cat, name: "owl" }],
    g: twice,
    h: vocXml([cat], [60, 50]),
    i: [{ ...cat, box: [1, 5, 40, 6] }],
    j: [cat],
  });
  await rm(join(dir, "JPEGImages", "j.jpg"));
  await writeFiles(dir, { "JPEGImages/k.jpg": await picture("k.jpg"), "JPEGImages/b.jpg": "" });
  const found = await checkDataset(voc(dir), { classes: ["cat", "dog"] });
  const seen = found.problems.map(({ kind, file, object }) =>
    [kind, file.split("/").pop(), object].filter((part) => part !== undefined).join(" "),
  );
  expect(seen.sort()).toEqual([
    "broken-annotation d.xml",
    "duplicate g.xml 2",
    "extreme i.xml 0",
    "missing-annotation k.jpg",
    "missing-picture j.xml",
    "size-mismatch h.xml",
    "unknown-class f.xml 0",
    "unreadable-picture b.jpg",
    "zero-area e.xml 0",
  ]);
  expect(found.problems.filter(isUnusable)).toHaveLength(5);
  expect([found.items, found.boxes]).toEqual([6, 7]);
});

test("a picture turned by EXIF is sound, whichever way its size was written down", async () => {
  const turned = await sharp(await picture("a.jpg"))
    .withMetadata({ orientation: 8 })
    .toBuffer();
  const box = { name: "cat", box: [2, 2, 20, 20] };
  const dir = await writeFiles(temporaryFolder(), {
    "a.jpg": turned,
    "a.xml": vocXml([box], [40, 30]),
    "b.jpg": turned,
    "b.xml": vocXml([box], [30, 40]),
  });
  expect((await checkDataset(voc(dir))).problems).toEqual([]);
});

test("a set that is not there is thrown, not a problem in it", async () => {
  const dir = join(temporaryFolder(), "none");
  await expect(checkDataset(voc(dir))).rejects.toMatchObject({ code: "BAD_DATA" });
});

describe.skipIf(!hasData("bccd"))(onRealData("bccd"), () => {
  test("the two boxes without area, and nothing else", async () => {
    const found = await checkDataset(voc(realData("bccd"), { set: "all" }));
    expect(found.items).toBe(364);
    expect(found.boxes).toBe(4886);
    expect(found.classes).toEqual({ Platelets: 361, RBC: 4153, WBC: 372 });
    expect(found.problems.map(({ kind }) => kind)).toEqual(["zero-area", "zero-area"]);
  });
});

describe.skipIf(!hasData("raccoon"))(onRealData("raccoon"), () => {
  test("gray pictures are no problem", async () => {
    const found = await checkDataset(voc(realData("raccoon")));
    expect([found.items, found.boxes, found.problems]).toEqual([200, 217, []]);
  });
});
