import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coco } from "../../../lib/data/coco.js";
import type { Dataset } from "../../../lib/data/dataset.js";
import { averagePrecision } from "../../../lib/evaluate/average-precision.js";
import { type CocoContent, cats, writeCoco } from "../../support/coco.js";
import { hasData, onRealData, realData } from "../../support/data.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cocoFiles, expected } from "../evaluate/cases.js";

const box = (more: object = {}) => ({
  image_id: 500,
  category_id: 7,
  bbox: [1, 2, 10, 20],
  ...more,
});
const write = (annotations: unknown, more: CocoContent = {}) =>
  writeCoco(temporaryFolder(), { ...cats, annotations, ...more });
const truths = ({ items }: Dataset) => items.map((item) => item.truths);

describe("items", () => {
  test("ids of any kind, classes by id, boxes as corners, flags and areas kept", async () => {
    const [images, json] = await write([
      box({ category_id: 90, area: 12.5, segmentation: [[1, 2, 3]] }),
      box({ image_id: 3, iscrowd: 1, bbox: [0, 0, 40, 30] }),
      box({ ignore: 1 }),
      box({ bbox: [2.5, 3.25, 4, 5], difficult: true, iscrowd: 0 }),
    ]);
    expect(await coco(images, json).read()).toEqual({
      spec: `coco:${images},${json}`,
      classes: ["cat", "dog"],
      items: [
        {
          id: "b",
          image: join(images, "b.jpg"),
          width: 40,
          height: 30,
          truths: [
            { label: 1, box: [1, 2, 11, 22], difficult: false, area: 12.5 },
            { label: 0, box: [1, 2, 11, 22], difficult: true },
            { label: 0, box: [2.5, 3.25, 6.5, 8.25], difficult: true },
          ],
        },
        {
          id: "a",
          image: join(images, "sub", "a.jpg"),
          width: 40,
          height: 30,
          truths: [{ label: 0, box: [0, 0, 40, 30], difficult: false, crowd: true }],
        },
      ],
      problems: [],
      picture: { exif: "auto", maxPixels: 100_000_000 },
      origin: 0,
    });
  });

  test("a picture without annotations is one without objects; the limit cuts in the file's order", async () => {
    const [images, json] = await write([]);
    expect(truths(await coco(images, json).read())).toEqual([[], []]);
    const one = await coco(images, json).read({ limit: 1 });
    expect(one.items.map(({ id }) => id)).toEqual(["b"]);
  });

  test("with origin 1 the corners move by -1", async () => {
    const [images, json] = await write([box(), box({ bbox: [1, 1, 39, 29], category_id: 90 })]);
    const data = await coco(images, json, { origin: 1 }).read();
    expect(data.spec).toBe(`coco:${images},${json}?origin=1`);
    expect(truths(data)[0]!.map((truth) => truth.box)).toEqual([
      [0, 1, 10, 21],
      [0, 0, 39, 29],
    ]);
    expect(() => coco(images, json, { origin: 2 as 1 })).toThrow(
      /"origin": expected 0 or 1, got 2/,
    );
  });

  test("a given class list keeps its order; ids may be texts", async () => {
    const categories = [
      { id: "x", name: "cat" },
      { id: "a", name: "dog" },
    ];
    const [images, json] = await write([box({ category_id: "x" })], { categories });
    expect((await coco(images, json).read()).classes).toEqual(["dog", "cat"]);
    const data = await coco(images, json).read({ classes: ["owl", "cat", "dog"] });
    expect(data.classes).toEqual(["owl", "cat", "dog"]);
    expect(truths(data)[0]).toMatchObject([{ label: 1 }]);
  });

  test("any boxes within the picture come back, whatever the ids", async () => {
    const side = (max: number) => fc.tuple(fc.nat(max - 1), fc.integer({ min: 1, max }));
    const object = fc.tuple(side(40), side(30), fc.boolean()).map(([[x, w], [y, h], second]) => ({
      bbox: [x, y, Math.min(w, 40 - x), Math.min(h, 30 - y)],
      second,
    }));
    const root = temporaryFolder();
    await fc.assert(
      fc.asyncProperty(
        fc.array(object, { maxLength: 6 }),
        fc.uniqueArray(fc.oneof(fc.nat(), fc.string()), { minLength: 2, maxLength: 2 }),
        async (objects, [one, two]) => {
          const images = [one, two].map((id, i) => ({ id, file_name: ["b.jpg", "sub/a.jpg"][i] }));
          const annotations = objects.map(({ bbox, second }) =>
            box({ bbox, image_id: second ? two : one }),
          );
          const [folder, json] = await writeCoco(root, { ...cats, images, annotations });
          const read = truths(await coco(folder, json).read());
          for (const i of [0, 1]) {
            const own = objects.filter(({ second }) => second === (i === 1));
            expect(read[i]!.map((truth) => truth.box)).toEqual(
              own.map(({ bbox: [x, y, w, h] }) => [x, y, x! + w!, y! + h!]),
            );
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("sizes", () => {
  test("a size that is missing, or against its own boxes, is read from the picture", async () => {
    const images = [
      { id: 500, file_name: "b.jpg" },
      { id: 3, file_name: "sub/a.jpg", width: 10, height: 10 },
    ];
    const [folder, json] = await write([box(), box({ image_id: 3 })], { images });
    const { items, problems } = await coco(folder, json).read();
    expect(items.map(({ width, height }) => [width, height])).toEqual([
      [40, 30],
      [40, 30],
    ]);
    expect(problems).toEqual([
      {
        kind: "size-mismatch",
        file: join(folder, "sub", "a.jpg"),
        message: "expected the picture's size 40x30, got 10x10",
      },
    ]);
  });

  test("a picture over the limit cannot tell its size", async () => {
    const [folder, json] = await write([], { images: [{ id: 500, file_name: "b.jpg" }] });
    const small = coco(folder, json).read({ picture: { maxPixels: 1199 } });
    await expect(small).rejects.toThrow(/at most 1199 pixels \(maxPixels\), got 40x30/);
  });
});

describe("annotations that cannot be used are named by their index", () => {
  test("boxes are dropped in every mode", async () => {
    const [images, json] = await write([
      box(),
      box({ bbox: [1, 2, 0, 5] }),
      box({ image_id: 3, bbox: [50, 2, 5, 5] }),
      box({ image_id: 3, bbox: [30, 2, 15, 5] }),
      box({ image_id: 3, bbox: [1, "2", 15, null] }),
      box(),
    ]);
    const { items, problems } = await coco(images, json).read();
    expect(items.map((item) => item.truths.length)).toEqual([2, 1]);
    expect(problems.map(({ kind, file, object }) => [kind, file, object])).toEqual([
      ["zero-area", json, 1],
      ["duplicate", json, 5],
      ["outside", json, 2],
      ["outside", json, 3],
      ["not-finite", json, 4],
    ]);
    expect(problems[0]!.message).toBe(
      '"cat" at x 1, y 2, width 0, height 5 has no area; it is left out',
    );
    expect(problems[1]!.message).toContain("is the same as object 0");
  });

  test("an image that is none is noted, never thrown", async () => {
    const [images, json] = await write([box({ image_id: 4 }), box({ image_id: "500" }), {}, 7]);
    const { problems, items } = await coco(images, json).read();
    expect(items).toHaveLength(2);
    expect(problems.map(({ kind, object }) => [kind, object])).toEqual(
      [0, 1, 2, 3].map((object) => ["unknown-image", object]),
    );
    expect(problems[1]!.message).toContain('one of the images, got "500"');
  });

  test.each<[string, object, RegExp]>([
    ["unknown-class", { category_id: 8 }, /a category_id of one of the categories, got 8/],
    ["unknown-class", { category_id: undefined }, /one of the categories, got none/],
    ["broken-annotation", { bbox: undefined }, /a bbox \[x, y, width, height\], got none/],
    ["broken-annotation", { bbox: [1, 2, 3] }, /a bbox .*, got \[1,2,3\]/],
    ["broken-annotation", { bbox: { x: 1 } }, /a bbox .*, got \{"x":1\}/],
  ])("%s %j leaves the picture out", async (kind, more, message) => {
    const [images, json] = await write([box({ image_id: 3 }), box(more)]);
    await expect(coco(images, json).read()).rejects.toThrow(`${json}, object 1: expected`);
    await expect(coco(images, json).read()).rejects.toThrow(message);
    const { items, problems } = await coco(images, json).read({ onProblem: "collect" });
    expect(items.map(({ id }) => id)).toEqual(["a"]);
    expect(problems).toMatchObject([{ kind, file: json, object: 1 }]);
  });

  test("a class that the list lacks", async () => {
    const [images, json] = await write([box(), box({ category_id: 90 })]);
    await expect(coco(images, json).read({ classes: ["cat"] })).rejects.toThrow(
      `${json}, object 1: expected one of the classes cat, got "dog"`,
    );
  });
});

describe("images that cannot be used", () => {
  test.each<[string, unknown, RegExp]>([
    [
      "missing-picture",
      { id: 3, file_name: "c.jpg" },
      /images\[1\]: expected a picture .*c\.jpg, got no such file/,
    ],
    [
      "outside-folder",
      { id: 3, file_name: "../instances.json" },
      /images\[1\]: .* got "\.\.\/instances\.json", which leads out/,
    ],
    ["outside-folder", { id: 3, file_name: "sub/../../x.jpg" }, /which leads out/],
    ["outside-folder", { id: 3, file_name: "/etc/passwd" }, /"\/etc\/passwd", which leads out/],
    ["missing-picture", { id: 3, file_name: "a\0.jpg" }, /no such file/],
    [
      "broken-annotation",
      { id: 500, file_name: "sub/a.jpg" },
      /images\[1\]: expected an id of its own, got 500, that of images\[0\]/,
    ],
    ["broken-annotation", { id: 3 }, /images\[1\]: expected a file_name, got none/],
    ["broken-annotation", { id: 3, file_name: 7 }, /expected a file_name, got 7/],
    ["broken-annotation", { file_name: "sub/a.jpg" }, /expected an id that is .*, got none/],
    [
      "broken-annotation",
      { id: 2 ** 60, file_name: "sub/a.jpg" },
      /expected an id that is a whole number/,
    ],
    ["broken-annotation", null, /images\[1\]: expected an id/],
  ])("%s %j", async (kind, image, message) => {
    const images = [{ id: 500, file_name: "b.jpg", width: 40, height: 30 }, image];
    const [folder, json] = await write([box()], { images });
    const failure = coco(folder, json).read();
    await expect(failure).rejects.toMatchObject({ code: "BAD_DATA" });
    await expect(failure).rejects.toThrow(message);
    const { items, problems } = await coco(folder, json).read({ onProblem: "collect" });
    expect(items.map(({ id }) => id)).toEqual(["b"]);
    expect(problems).toMatchObject([{ kind, file: json }]);
  });

  test("names with spaces, accents composed or not, Windows' backslashes", async () => {
    const names = ["Ka\u0308se 1.jpg", "sub/a.jpg", "b.jpg"];
    const images = ["K\u00e4se 1.jpg", "sub\\a.jpg", "./b.jpg"].map((file_name, id) => ({
      id,
      file_name,
    }));
    const [folder, json] = await writeCoco(
      temporaryFolder(),
      { ...cats, images, annotations: [] },
      names,
    );
    const { items } = await coco(folder, json).read();
    expect(items.map(({ image }) => image)).toEqual(names.map((name) => join(folder, name)));
  });
});

describe("refuses a file that is none of COCO's form, with a sentence", () => {
  const whole = JSON.stringify({ ...cats, annotations: [box()] });
  test.each<[string, string | Uint8Array, RegExp]>([
    ["empty", "", /got: an empty file/],
    ["a list of detections", '[{"image_id": 1}]', /got: \[ instead of an object/],
    ["cut", whole.slice(0, -40), /got: a text that ends in categories\[|images\[|annotations\[/],
    ["no JSON", "<annotation/>", /got: < instead of an object/],
    ["zeros", Buffer.alloc(5_000_000), /got: byte 0 instead of an object/],
    ["a broken entry", '{"images": [{"id": 1,}]}', /in images\[0\]/],
    ["another object", "{}", /got: no list "images"/],
    ["no annotations", JSON.stringify(cats), /got: no list "annotations"/],
    ["a list that is none", '{"images": {"1": {}}}', /\{ instead of a list .* in "images"/],
    [
      "no categories",
      JSON.stringify({ ...cats, categories: [], annotations: [] }),
      /no categories/,
    ],
    [
      "not UTF-8",
      Buffer.from(whole.replace('"cat"', '"k\u00e4se"'), "latin1"),
      /bytes that are not UTF-8 in categories\[1\]/,
    ],
    ["a twin id", whole.replace('"id":90', '"id":7'), /two categories of the id 7/],
    [
      "a twin name",
      whole.replace('"dog"', '"cat"'),
      /the category "cat" twice, with the ids 7 and 90/,
    ],
    [
      "a category without name",
      whole.replace('"name":"dog"', '"nam":1'),
      /categories\[0\] without an id or a name/,
    ],
  ])("%s", async (_, content, message) => {
    const [images, json] = await writeCoco(temporaryFolder(), content);
    const failure = coco(images, json).read({ onProblem: "collect" });
    await expect(failure).rejects.toMatchObject({ code: "BAD_DATA" });
    await expect(failure).rejects.toThrow(`${json}: expected COCO's JSON`);
    await expect(failure).rejects.toThrow(message);
  });

  test("missing, or a folder", async () => {
    const folder = temporaryFolder();
    await expect(coco(folder, join(folder, "none.json")).read()).rejects.toThrow(
      /none\.json: .*ENOENT/,
    );
    await expect(coco(folder, folder).read()).rejects.toThrow(/EISDIR/);
  });

  test("a byte order mark is passed over", async () => {
    const [images, json] = await writeCoco(temporaryFolder(), `\uFEFF${whole}`);
    expect((await coco(images, json).read()).items).toHaveLength(2);
  });
});

test("outlines of megabytes are passed over, the event loop goes on", async () => {
  const folder = temporaryFolder();
  const outline = Array.from({ length: 200_000 }, (_, i) => i * 0.37);
  const annotations = Array.from({ length: 12 }, (_, i) =>
    box({ bbox: [i, 2, 10, 20], segmentation: [outline], image_id: i % 2 ? 3 : 500 }),
  );
  const [images, json] = await writeCoco(folder, { ...cats, annotations });
  let ticks = 0;
  const clock = setInterval(() => ticks++, 5);
  const data = await coco(images, json).read();
  clearInterval(clock);
  expect(data.items.map((item) => item.truths.length)).toEqual([6, 6]);
  expect(ticks).toBeGreaterThan(3);
});

describe.skipIf(!hasData("eval_faster_coco"))(onRealData("eval_faster_coco"), () => {
  test("a hundred pictures of COCO: crowds and areas of masks give the published numbers", async () => {
    const json = realData(
      ...["eval_faster_coco", "tests", "dataset", "cocoapi", "instances_val2014_100.json"],
    );
    const { images, categories, detections } = cocoFiles();
    const folder = temporaryFolder();
    // Sizes stand in the JSON: no picture is opened.
    const names = (images as unknown as { file_name: string }[]).map(({ file_name }) => file_name);
    for (const name of names) await writeFile(join(folder, name), "");
    const { items, problems } = await coco(folder, json).read();
    expect(problems.filter(({ kind }) => kind !== "extreme")).toEqual([]);
    const ids = categories.map(({ id }) => id).sort((a, b) => a - b);
    // Scores that are equal count in the order of the ids, where pycocotools has the pictures.
    const byId = [...images.keys()].sort((a, b) => images[a]!.id - images[b]!.id);
    const found = byId.map((at) => {
      const { id } = images[at]!;
      const own = detections.filter(({ image_id }) => image_id === id);
      return {
        boxes: own.map(({ bbox: [x, y, w, h] }) => [x!, y!, x! + w!, y! + h!]),
        labels: own.map(({ category_id }) => ids.indexOf(category_id)),
        scores: own.map(({ score }) => score!),
      };
    });
    const truths = byId
      .map((at) => items[at]!)
      .map((item) => ({
        boxes: item.truths.map((truth) => truth.box),
        labels: item.truths.map(({ label }) => label),
        crowd: item.truths.map(({ crowd }) => crowd ?? false),
        area: item.truths.map(({ area }) => area!),
      }));
    expect(truths.flatMap(({ crowd }) => crowd).filter(Boolean)).toHaveLength(9);
    const numbers = averagePrecision(found, truths, { protocol: "coco" });
    expect(numbers).toMatchObject(
      Object.fromEntries(
        Object.keys(numbers)
          .filter((key) => /^A[PR]/.test(key))
          .map((key) => [key, expect.closeTo(expected().coco_fakebbox100![key]!, 6)]),
      ),
    );
  });
});
