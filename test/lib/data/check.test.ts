import { readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { checkDataset, type DataCheck, isUnusable } from "../../../lib/data/check.js";
import type { Box } from "../../../lib/data/dataset.js";
import { voc } from "../../../lib/data/voc.js";
import { presets } from "../../../lib/presets.js";
import { hasData, onRealData, realData } from "../../support/data.js";
import { temporaryFolder } from "../../support/temporary.js";
import {
  cat,
  dog,
  picture,
  vocXml,
  writeDevkit,
  writeFiles,
  writeFlat,
} from "../../support/voc.js";

const content = { a: [cat, dog], b: [cat], c: [] };

test("a sound set has no problems", async () => {
  const dir = await writeDevkit(temporaryFolder(), content);
  const progress: number[][] = [];
  const found = await checkDataset(voc(dir), {
    onProgress: (done, total) => progress.push([done, total]),
  });
  expect(found).toMatchObject({ items: 3, boxes: 3, classes: { cat: 2, dog: 1 }, problems: [] });
  expect(progress).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
});

test("what the set is like, and its boxes against the priors of a preset", async () => {
  const dir = await writeDevkit(temporaryFolder(), content);
  const { statistics, notes, priors } = await checkDataset(voc(dir));
  expect(statistics).toMatchObject({
    sizes: [{ width: 40, height: 30, pictures: 3 }],
    extensions: { ".jpg": 3 },
    colours: [{ space: "rgb", bits: 8, alpha: false, pictures: 3 }],
    corners: { origin: 1, smallest: [3, 2] },
    empty: 1,
  });
  expect(notes).toMatchObject([{ message: expect.stringContaining("count pixels from 1") }]);
  expect(priors).toMatchObject({ model: "ssd300-mobilenetv2", priors: 8732, unreached: 0 });
  const own = { ...presets["ssd128-tiny"], name: "mine", sizes: [2, 3, 4, 5, 6] };
  expect((await checkDataset(voc(dir), { model: own })).priors).toMatchObject({
    model: "mine",
    unreached: 3,
  });
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
  const turned = async (name: string) =>
    await sharp(await picture(name))
      .withMetadata({ orientation: 8 })
      .toBuffer();
  const box = { name: "cat", box: [2, 2, 20, 20] };
  const dir = await writeFiles(temporaryFolder(), {
    "a.jpg": await turned("a.jpg"),
    "a.xml": vocXml([box], [40, 30]),
    "b.jpg": await turned("b.jpg"),
    "b.xml": vocXml([box], [30, 40]),
  });
  expect((await checkDataset(voc(dir))).problems).toEqual([]);
});

test("a set that is not there is thrown, not a problem in it", async () => {
  const dir = join(temporaryFolder(), "none");
  await expect(checkDataset(voc(dir))).rejects.toMatchObject({ code: "BAD_DATA" });
});

describe("identical pictures", () => {
  const sets = { train: "a\nb\n", val: "c\nd\n", trainval: "a\nb\nc\nd\n" };
  const messages = ({ problems }: DataCheck) => problems.map(({ message }) => message);

  /** A devkit in which d shows what a shows. */
  async function leaking(): Promise<string> {
    const content = { a: [cat], b: [dog], c: [cat, dog], d: [cat] };
    const dir = await writeDevkit(temporaryFolder(), content, sets);
    const png = await sharp(join(dir, "JPEGImages", "a.jpg"))
      .png()
      .toBuffer();
    await rm(join(dir, "JPEGImages", "d.jpg"));
    return await writeFiles(dir, { "JPEGImages/d.png": png });
  }

  test("in another set of the same data, by their pixels", async () => {
    const dir = await leaking();
    const [a, d] = ["a.jpg", "d.png"].map((name) => join(dir, "JPEGImages", name));
    const found = await checkDataset(voc(dir, { set: "train" }));
    expect(found.problems).toEqual([
      {
        kind: "identical",
        file: a,
        message: `the picture is the same as ${d} in voc:${dir}:val`,
      },
    ]);
    expect([found.items, found.problems.some(isUnusable)]).toEqual([2, false]);
    expect(messages(await checkDataset(voc(dir)))).toEqual([
      `the picture is the same as ${a} in voc:${dir}:train`,
    ]);
  });

  test("a set alone is not compared, and trainval is no leak of its own parts", async () => {
    const dir = await leaking();
    const alone = await checkDataset(voc(dir, { set: "train" }), { splits: false });
    expect(alone.problems).toEqual([]);
    const sound = { a: [cat], b: [dog], c: [cat, dog], d: [cat] };
    const other = await writeDevkit(temporaryFolder(), sound, sets);
    expect((await checkDataset(voc(other))).problems).toEqual([]);
  });

  test("a picture listed in two sets, and one listed twice", async () => {
    const content = { a: [cat], b: [dog], c: [cat, dog] };
    const lists = { train: "a\nb\nb\n", val: "a\nc\n" };
    const dir = await writeDevkit(temporaryFolder(), content, lists);
    expect(messages(await checkDataset(voc(dir, { set: "train" })))).toEqual([
      `the picture is in voc:${dir}:train and in voc:${dir}:val`,
      "the picture is in the set 2 times",
    ]);
  });

  test("in data that it is held against; progress is told of all that is decoded", async () => {
    const own = await writeFlat(temporaryFolder(), { "a.png": [cat], "b.png": [cat] });
    const other = await writeFlat(temporaryFolder(), { "a.png": [dog], "c.png": [cat] });
    const progress: number[][] = [];
    const found = await checkDataset(voc(own), {
      against: [voc(other)],
      onProgress: (done, total) => progress.push([done, total]),
    });
    expect(messages(found)).toEqual([
      `the picture is the same as ${join(other, "a.png")} in voc:${other}`,
    ]);
    expect(progress.at(-1)).toEqual([4, 4]);
    // What is wrong in the other data is not told here, nor counted.
    await writeFiles(other, { "c.png": "no picture" });
    const again = await checkDataset(voc(own), { against: [voc(other)] });
    expect([again.items, again.boxes, again.problems.length]).toEqual([2, 2, 1]);
  });

  test("a set that cannot be read is noted", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat] }, { train: "a\n", val: "" });
    const { problems, notes } = await checkDataset(voc(dir, { set: "train" }));
    expect(problems).toEqual([]);
    expect(notes[0]!.message).toMatch(/^not compared with voc:.*:val: .* got an empty file$/);
  });
});

test("options are held to their schema", async () => {
  const dir = await writeDevkit(temporaryFolder(), content);
  const check = async (options: object) => await checkDataset(voc(dir), options);
  await expect(check({ model: "ssd301" })).rejects.toMatchObject({ code: "BAD_OPTION" });
  await expect(check({ against: ["voc:x"] })).rejects.toThrow(
    /check options: .*against.* data source/,
  );
  await expect(check({ spilts: false })).rejects.toThrow(/unknown option "spilts"/);
});

const kindsOf = ({ problems }: DataCheck) => problems.map(({ kind }) => kind);
const names = (text: string) => text.match(/[\w-]+(?=\.\w+($|[;\s]))/g)?.join(" ");

describe.skipIf(!hasData("bccd"))(onRealData("bccd"), () => {
  test("the two boxes without area and the 1-based corners, and nothing else", async () => {
    const found = await checkDataset(voc(realData("bccd"), { set: "all" }));
    expect([found.items, found.boxes]).toEqual([364, 4886]);
    expect(found.classes).toEqual({ Platelets: 361, RBC: 4153, WBC: 372 });
    expect(kindsOf(found)).toEqual(["zero-area", "zero-area"]);
    const files = found.problems.map(({ file }) => names(file));
    expect(files).toEqual(["BloodImage_00338", "BloodImage_00343"]);
    const { sizes, corners } = found.statistics;
    expect(sizes).toEqual([{ width: 640, height: 480, pictures: 364 }]);
    expect(corners).toEqual({ origin: 1, smallest: [1, 1], margin: [0, 0] });
    expect(found.notes).toMatchObject([{ message: expect.stringMatching(/count pixels from 1/) }]);
    // Platelets are smaller than the smallest prior: that is what the suggestion mends.
    const { classes, suggestion, unreached } = found.priors;
    expect(classes.Platelets!.unreached).toBeGreaterThan(150);
    expect(classes.RBC!.unreached).toBe(0);
    expect(suggestion!.unreached).toBeLessThan(unreached / 5);
  });

  test("the same boxes read as 0-based look 1-based", async () => {
    const { origin: _, ...read } = await voc(realData("bccd"), { set: "test" }).read();
    for (const { truths } of read.items) {
      for (const truth of truths) truth.box = truth.box.map((side) => side + 1) as Box;
    }
    const source = { spec: "test:bccd", read: async () => read };
    const { notes } = await checkDataset(source);
    expect(notes).toMatchObject([
      { message: expect.stringMatching(/^corners look as if they counted pixels from 1/) },
    ]);
  });
});

describe.skipIf(!hasData("playing_cards"))(onRealData("playing_cards"), () => {
  test("the extensions in two spellings, and three picture sizes", async () => {
    const found = await checkDataset(voc(realData("playing_cards"), { set: "train" }));
    expect([found.items, found.boxes, found.problems]).toEqual([296, 527, []]);
    const { extensions, sizes } = found.statistics;
    expect(extensions).toEqual({ ".JPG": 251, ".jpg": 45 });
    expect(sizes.map(({ width, height }) => `${width}x${height}`)).toEqual([
      "378x504",
      "960x540",
      "480x270",
    ]);
    expect(found.notes[0]!.message).toMatch(/in several ways: \.JPG 251, \.jpg 45$/);
    const test = await checkDataset(voc(realData("playing_cards"), { set: "test" }));
    expect([test.items, test.boxes, test.problems]).toEqual([67, 143, []]);
  });
});

describe.skipIf(!hasData("raccoon"))(onRealData("raccoon"), () => {
  test("the four pairs of identical pictures and the three gray ones", async () => {
    const found = await checkDataset(voc(realData("raccoon")));
    expect([found.items, found.boxes]).toEqual([200, 217]);
    expect(new Set(kindsOf(found))).toEqual(new Set(["identical"]));
    const pairs = found.problems.map(({ file, message }) => `${names(file)} ${names(message)}`);
    expect(pairs.sort()).toEqual([
      "raccoon-116 raccoon-11",
      "raccoon-74 raccoon-52",
      "raccoon-83 raccoon-120",
      "raccoon-98 raccoon-65",
    ]);
    const [gray] = found.notes;
    expect(gray!.message).toBe("3 of 200 pictures are 8-bit grey");
    expect(gray!.files!.map(names)).toEqual(["raccoon-150", "raccoon-152", "raccoon-161"]);
  });
});

describe.skipIf(!hasData("voc2012_sample100"))(onRealData("voc2012_sample100"), () => {
  const at = (...parts: string[]) => realData("voc2012_sample100", ...parts);

  /** A devkit of links: pictures and annotations lie in folders of other names. */
  async function linked(pictures: string, annotations: string): Promise<string> {
    const dir = temporaryFolder();
    await symlink(pictures, join(dir, "JPEGImages"));
    await symlink(annotations, join(dir, "Annotations"));
    return dir;
  }

  test("sound, with 38 difficult boxes", async () => {
    const base = ["data", "database"];
    const dir = await linked(at(...base, "images"), at(...base, "gts", "pascalvoc_format"));
    const found = await checkDataset(voc(dir));
    expect([found.items, found.boxes, found.problems]).toEqual([100, 273, []]);
    expect(Object.keys(found.classes)).toHaveLength(20);
    expect(found.statistics).toMatchObject({ difficult: 38, corners: { smallest: [1, 1] } });
    expect(found.priors.truths).toBe(273 - 38);
  });

  test("the toy example: two pictures have no annotation", async () => {
    const toy = (name: string) => at("toyexample", name);
    const dir = await linked(toy("images"), toy("gts_vocpascal_format"));
    const found = await checkDataset(voc(dir));
    expect(found.items).toBe(10);
    expect(kindsOf(found)).toEqual(["missing-annotation", "missing-annotation"]);
    expect(found.problems.map(({ file }) => names(file))).toEqual(["2010_003115", "2012_003445"]);
  });
});

describe.skipIf(!hasData("eval_padilla"))(onRealData("eval_padilla"), () => {
  test("boxes without pictures are no data set", async () => {
    await expect(checkDataset(voc(realData("eval_padilla")))).rejects.toMatchObject({
      code: "BAD_DATA",
      message: expect.stringContaining("got neither"),
    });
  });
});
