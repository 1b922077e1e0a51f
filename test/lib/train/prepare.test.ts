import { beforeEach, describe, expect, test } from "vitest";
import type { DataSource } from "../../../lib/data/dataset.js";
import { voc } from "../../../lib/data/voc.js";
import { Detector } from "../../../lib/detector.js";
import type { TrainEvent } from "../../../lib/train/events.js";
import { trainOptions } from "../../../lib/train/options.js";
import { prepareData } from "../../../lib/train/prepare.js";
import { failure, ownCache, shapes, small, smallDetector } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, writeDevkit } from "../../support/voc.js";

beforeEach(() => {
  ownCache();
});

async function prepare(input: object, detector = smallDetector()) {
  const events: TrainEvent[] = [];
  const options = trainOptions.parse(input);
  const prepared = await prepareData(detector, options, (event) => events.push(event));
  const ids = (pack: typeof prepared.val) => pack?.dataset.items.map(({ id }) => id);
  return { train: ids(prepared.train)!, val: ids(prepared.val), events };
}

describe("validation pictures", () => {
  test("are a part of the data, the same for the same seed, and none to train on", async () => {
    const data = shapes();
    const { train, val } = await prepare({ data, valFraction: 0.25, seed: 3 });
    expect([train.length, val!.length]).toEqual([9, 3]);
    const all = (await data.read()).items.map(({ id }) => id);
    expect([...train, ...val!].sort()).toEqual(all);
    const again = await prepare({ data, valFraction: 0.25, seed: 3 });
    expect([again.train, again.val]).toEqual([train, val]);
  });

  test("are the others when they are given, and no part is kept then", async () => {
    const { train, val } = await prepare({
      data: shapes({ set: "train" }),
      val: shapes({ set: "val" }),
    });
    expect([train.length, val!.length]).toEqual([10, 2]);
    expect(train.filter((id) => val!.includes(id))).toEqual([]);
  });

  test("may be none", async () => {
    const { train, val } = await prepare({ data: shapes(), valFraction: 0 });
    expect([train.length, val]).toEqual([12, undefined]);
  });
});

test("limit takes the first pictures, before a part is kept", async () => {
  const data = shapes();
  const { train, val } = await prepare({ data, limit: 5, valFraction: 0.2 });
  const first = (await data.read({ limit: 5 })).items.map(({ id }) => id);
  expect([...train, ...val!].sort()).toEqual(first);
  expect(val).toHaveLength(1);
});

test("fraction takes a share of the training pictures, the same for the same seed", async () => {
  const data = shapes();
  const whole = await prepare({ data, seed: 2, valFraction: 0.25 });
  const half = await prepare({ data, seed: 2, valFraction: 0.25, fraction: 0.5 });
  expect(half.train).toHaveLength(5);
  expect(half.val).toEqual(whole.val);
  expect(whole.train).toEqual(expect.arrayContaining(half.train));
  const again = await prepare({ data, seed: 2, valFraction: 0.25, fraction: 0.5 });
  expect(again.train).toEqual(half.train);
  expect(() => trainOptions.parse({ data, fraction: 0 })).toThrow("expected a share over 0");
  await expect(prepare({ data, fraction: 0.01 })).rejects.toEqual(failure("BAD_DATA", "got none"));
});

test("how pictures are decoded is told to whoever reads them", async () => {
  const asked: unknown[] = [];
  const spy = (inner: DataSource): DataSource => ({
    ...inner,
    read: (options) => {
      asked.push(options?.picture);
      return inner.read(options);
    },
  });
  const picture = { exif: "ignore", maxPixels: 50_000 } as const;
  await prepare({ data: spy(shapes({ set: "train" })), val: spy(shapes({ set: "val" })), picture });
  expect(asked).toEqual([picture, picture]);
});

test("what is read, wrong and decoded is told: decoding counts both sets as one", async () => {
  const flat = { ...cat, box: [5, 5, 5, 9] };
  const content = { a: [cat, flat], b: [cat], c: [cat] };
  const data = voc(await writeDevkit(temporaryFolder(), content));
  const detector = Detector.create(small, { classes: ["cat"] });
  const { events } = await prepare({ data, valFraction: 0.34 }, detector);
  const [told, space, ...packed] = events;
  expect(told).toMatchObject({ kind: "data", train: 2, val: 1, problems: [{ kind: "zero-area" }] });
  expect(space).toMatchObject({ kind: "space", pictures: 3 });
  expect(packed).toEqual([1, 2, 3].map((done) => ({ kind: "pack", done, total: 3 })));
});

test("another seed or part finds the pictures packed", async () => {
  const data = shapes();
  await prepare({ data, seed: 1 });
  const { events } = await prepare({ data, seed: 2, valFraction: 0.5 });
  expect(events.map(({ kind }) => kind)).toEqual(["data"]);
});

test("pictures are kept where it is asked for, in parts and order the same", async () => {
  const data = shapes();
  const disk = await prepare({ data, valFraction: 0.25 });
  for (const cache of ["ram", "none"]) {
    const { train, val } = await prepare({ data, valFraction: 0.25, cache });
    expect([train, val]).toEqual([disk.train, disk.val]);
  }
  await expect(prepare({ data, cache: "gpu" })).rejects.toEqual(failure("BAD_OPTION", '"cache"'));
});

test("classes are the detector's; data with others, or without pictures to train on, are refused", async () => {
  const data = voc(await writeDevkit(temporaryFolder(), { a: [cat] }));
  await expect(prepare({ data })).rejects.toEqual(
    failure("BAD_DATA", "a.xml", "expected one of the classes circle, square, triangle", '"cat"'),
  );
  await expect(prepare({ data: shapes(), valFraction: 1 })).rejects.toEqual(
    failure("BAD_DATA", "synthetic:shapes", "expected pictures to train on, got none"),
  );
});
