import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import type { Dataset } from "../../../lib/data/dataset.js";
import { voc } from "../../../lib/data/voc.js";
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

function countsOf({ classes, items }: Dataset): Record<string, number> {
  const counts = Object.fromEntries(classes.map((name) => [name, 0]));
  for (const { label } of items.flatMap(({ truths }) => truths)) counts[classes[label]!]!++;
  return counts;
}

describe("items", () => {
  test("boxes count from 0, difficult is kept, labels follow the sorted names", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [{ ...dog, difficult: 1 }, cat], b: [] });
    const data = await voc(dir).read();
    expect(data).toEqual({
      spec: `voc:${dir}`,
      classes: ["cat", "dog"],
      items: [
        {
          id: "a",
          image: join(dir, "JPEGImages", "a.jpg"),
          annotation: join(dir, "Annotations", "a.xml"),
          width: 40,
          height: 30,
          truths: [
            { label: 1, box: [9, 1, 32, 16], difficult: true },
            { label: 0, box: [2, 3, 19, 24], difficult: false },
          ],
        },
        expect.objectContaining({ id: "b", truths: [] }),
      ],
      problems: [],
      picture: { exif: "auto", maxPixels: 100_000_000 },
    });
  });

  test("come in the order of the set file, cut by the limit", async () => {
    const content = { a: [cat], b: [cat], c: [dog] };
    const dir = await writeDevkit(temporaryFolder(), content, { train: "c\na\nb\n" });
    const read = async (limit?: number) => {
      const data = await voc(dir, { set: "train" }).read({ limit });
      return [data.items.map(({ id }) => id).join(""), data.classes.join(), data.spec];
    };
    expect(await read()).toEqual(["cab", "cat,dog", `voc:${dir}:train`]);
    expect(await read(1)).toEqual(["c", "dog", `voc:${dir}:train`]);
    expect(await read(99)).toEqual(["cab", "cat,dog", `voc:${dir}:train`]);
  });

  test("any boxes within the picture come back as they were written", async () => {
    const side = (max: number) =>
      fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
    const box = fc
      .tuple(side(40), side(30))
      .filter(([[x1, x2], [y1, y2]]) => x1 !== x2 && y1 !== y2)
      .map(([[x1, x2], [y1, y2]]) => [
        Math.min(x1, x2),
        Math.min(y1, y2),
        Math.max(x1, x2),
        Math.max(y1, y2),
      ]);
    const boxes = fc.array(box, { maxLength: 6 });
    const root = temporaryFolder();
    await fc.assert(
      fc.asyncProperty(boxes, async (list) => {
        const dir = await writeDevkit(root, {
          a: list.map((corners) => ({ ...cat, box: corners })),
        });
        const { items } = await voc(dir).read();
        const expected = list.map((corners) => corners.map((v) => v - 1));
        expect(items[0]!.truths.map((truth) => truth.box)).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  test("a renamed annotation finds the picture its <filename> names", async () => {
    const dir = await writeFiles(temporaryFolder(), {
      "a.jpg": await picture("a.jpg"),
      "label-1.xml": vocXml([cat], [40, 30]).replace(
        "<annotation>",
        "<annotation><filename>a.jpg</filename>",
      ),
    });
    const { items } = await voc(dir).read();
    expect(items.map(({ id, image }) => [id, basename(image)])).toEqual([["label-1", "a.jpg"]]);
  });
});

describe("sizes", () => {
  test("without a size in the annotation, the picture's header tells it, upright", async () => {
    const turned = await sharp(await picture("a.jpg"))
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const dir = await writeFiles(temporaryFolder(), {
      "a.jpg": await picture("a.jpg"),
      "a.xml": vocXml([cat]),
      "b.jpg": turned,
      "b.xml": vocXml([cat], [0, 0]),
    });
    const { items } = await voc(dir).read();
    expect(items.map(({ width, height }) => [width, height])).toEqual([
      [40, 30],
      [30, 40],
    ]);
  });

  test("against its own boxes an annotation's size is not believed", async () => {
    const dir = await writeFiles(temporaryFolder(), {
      "a.jpg": await picture("a.jpg", 80, 60),
      "a.xml": vocXml([{ name: "cat", box: [41, 31, 71, 51] }], [40, 30]),
    });
    const { items, problems } = await voc(dir).read();
    expect(items[0]).toMatchObject({ width: 80, height: 60 });
    expect(items[0]!.truths[0]!.box).toEqual([40, 30, 70, 50]);
    expect(problems).toMatchObject([
      { kind: "size-mismatch", message: "expected the picture's size 80x60, got 40x30" },
    ]);
  });
});

describe("boxes that cannot be used are dropped in every mode", () => {
  test.each(["throw", "collect"] as const)("%s", async (onProblem) => {
    const boxes = [
      [3, 4, 3, 9],
      [3, 4, 20, 25],
      [41, 4, 50, 9],
      [30, 4, 50, 9],
      [3, "abc", 9, 9],
    ];
    const objects = boxes.map((box) => ({ name: "cat", box }));
    const dir = await writeDevkit(temporaryFolder(), { a: objects });
    const { items, problems } = await voc(dir).read({ onProblem });
    const file = join(dir, "Annotations", "a.xml");
    expect(items[0]!.truths.map(({ box }) => box)).toEqual([
      [2, 3, 19, 24],
      [29, 3, 40, 8],
    ]);
    expect(problems.map(({ kind, object, file }) => [kind, object, file])).toEqual([
      ["zero-area", 0, file],
      ["outside", 2, file],
      ["outside", 3, file],
      ["not-finite", 4, file],
    ]);
    expect(problems[0]!.message).toBe(
      '"cat" at xmin 3, ymin 4, xmax 3, ymax 9 has no area; it is left out',
    );
  });
});

describe("files that cannot be used", () => {
  const cases: [string, string, Record<string, string>, RegExp][] = [
    ["broken-annotation", "b.xml", { b: "<annotation>" }, /expected well-formed XML/],
    ["broken-annotation", "b.xml", { b: "<!DOCTYPE a><annotation/>" }, /DOCTYPE/],
    ["unknown-class", "b.xml", { b: vocXml([cat, dog], [40, 30]) }, /classes cat, got "dog"/],
    ["missing-annotation", "c.xml", {}, /expected an annotation/],
  ];

  test.each(cases)(
    "%s in %s throws, or is collected and left out",
    async (kind, name, more, sentence) => {
      const dir = await writeDevkit(
        temporaryFolder(),
        { a: [cat], ...more },
        { train: "a\nb\nc\n" },
      );
      if (kind !== "missing-annotation") await writeDevkit(dir, { c: [cat] });
      if (more.b === undefined) await writeDevkit(dir, { b: [cat] });
      const source = voc(dir, { set: "train" });
      const classes = ["cat"];
      const failure = source.read({ classes });
      await expect(failure).rejects.toMatchObject({
        code: "BAD_DATA",
        message: expect.stringMatching(sentence),
      });
      await expect(failure).rejects.toThrow(join(dir, "Annotations", name));
      const { items, problems } = await source.read({ classes, onProblem: "collect" });
      expect(items).toHaveLength(2);
      expect(problems).toMatchObject([{ kind, message: expect.stringMatching(sentence) }]);
      expect(problems[0]!.object).toBe(kind === "unknown-class" ? 1 : undefined);
    },
  );

  test("missing-picture", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat], b: [cat] });
    await rm(join(dir, "JPEGImages", "b.jpg"));
    await expect(voc(dir).read()).rejects.toThrow(/b\.xml: expected a picture b\.jpg/);
    const { items, problems } = await voc(dir).read({ onProblem: "collect" });
    expect(items.map(({ id }) => id)).toEqual(["a"]);
    expect(problems).toMatchObject([{ kind: "missing-picture" }]);
  });

  test("unreadable-picture, when only its header could tell the size", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat], b: vocXml([cat]) });
    await writeFiles(dir, { "JPEGImages/b.jpg": "no picture" });
    await expect(voc(dir).read()).rejects.toThrow(/b\.jpg: .*b\.xml tells no size/);
    const { problems } = await voc(dir).read({ onProblem: "collect" });
    expect(problems).toMatchObject([{ kind: "unreadable-picture" }]);
  });

  test("the first in order is thrown, whatever is read first", async () => {
    const broken = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`p${String(i).padStart(2, "0")}`, "<annotation>"]),
    );
    const dir = await writeDevkit(temporaryFolder(), { ...broken, p00: [cat] });
    await expect(voc(dir).read()).rejects.toThrow(/p01\.xml/);
  });

  test("a picture without annotation is left out and told, never thrown", async () => {
    const dir = await writeFlat(temporaryFolder(), { "a.jpg": [cat] });
    await writeFiles(dir, { "b.jpg": await picture("b.jpg") });
    const { items, problems } = await voc(dir).read();
    expect(items.map(({ id }) => id)).toEqual(["a"]);
    expect(problems).toMatchObject([{ kind: "missing-annotation", file: join(dir, "b.jpg") }]);
  });
});

describe("classes", () => {
  test("a given list keeps its order, also for classes that do not occur", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat, dog] });
    const { classes, items } = await voc(dir).read({ classes: ["owl", "dog", "cat"] });
    expect(classes).toEqual(["owl", "dog", "cat"]);
    expect(items[0]!.truths.map(({ label }) => label)).toEqual([2, 1]);
  });

  test("the message names file, object and list", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat, dog] });
    await expect(voc(dir).read({ classes: ["cat", "owl"] })).rejects.toThrow(
      `${join(dir, "Annotations", "a.xml")}, object 1: expected one of the classes cat, owl, got "dog"`,
    );
  });
});

describe.skipIf(!hasData("bccd"))(onRealData("bccd"), () => {
  const dir = realData("bccd");

  test("all 364 pictures, and the two boxes without area", async () => {
    const data = await voc(dir, { set: "all" }).read();
    expect(data.items).toHaveLength(364);
    expect(countsOf(data)).toEqual({ RBC: 4155 - 2, WBC: 372, Platelets: 361 });
    expect(data.problems).toMatchObject([
      { kind: "zero-area", object: 12, file: expect.stringMatching(/BloodImage_00338\.xml$/) },
      { kind: "zero-area", object: 3, file: expect.stringMatching(/BloodImage_00343\.xml$/) },
    ]);
    expect(data.items.every(({ width, height }) => width === 640 && height === 480)).toBe(true);
  });

  test("its sets", async () => {
    const length = async (set?: string) => (await voc(dir, { set }).read()).items.length;
    expect(await length("train")).toBe(205);
    expect(await length("val")).toBe(87);
    expect(await length("test")).toBe(72);
    expect(await length()).toBe(292);
  });
});

describe.skipIf(!hasData("playing_cards"))(onRealData("playing_cards"), () => {
  test("pictures .JPG and .jpg, by folder or by set", async () => {
    const images = realData("playing_cards", "images");
    const train = await voc(images, { set: "train" }).read();
    const same = await voc(join(images, "train")).read();
    const other = await voc(images, { set: "test" }).read();
    expect([train.items.length, other.items.length]).toEqual([296, 67]);
    expect(same.items).toEqual(train.items);
    expect(train.classes).toEqual(["ace", "jack", "king", "nine", "queen", "ten"]);
    const extensions = train.items.map(({ image }) => image.split(".").pop());
    expect(new Set(extensions)).toEqual(new Set(["JPG", "jpg"]));
    expect([...train.items, ...other.items].flatMap(({ truths }) => truths)).toHaveLength(670);
    expect(train.problems).toEqual([]);
  });
});

describe.skipIf(!hasData("raccoon"))(onRealData("raccoon"), () => {
  test("images/ and annotations/", async () => {
    const data = await voc(realData("raccoon")).read();
    expect(data.items).toHaveLength(200);
    expect(countsOf(data)).toEqual({ raccoon: 217 });
  });
});
