import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SsdError } from "../../../lib/errors.js";
import { averagePrecision } from "../../../lib/evaluate/average-precision.js";
import type { ImageDetections, ImageTruths } from "../../../lib/evaluate/types.js";

/** Detections of class 0: rows of box and score. */
const found = (...rows: [box: number[], score: number][]): ImageDetections => ({
  boxes: rows.map(([box]) => box),
  labels: rows.map(() => 0),
  scores: rows.map(([, score]) => score),
});

/** Truths of class 0. */
const real = (boxes: number[][], more: Partial<ImageTruths> = {}): ImageTruths => ({
  boxes,
  labels: boxes.map(() => 0),
  ...more,
});

const A = [0, 0, 10, 10];
const B = [20, 0, 30, 10];
const FAR = [100, 100, 110, 110];
/** IoU 0.5 with A, exactly. */
const HALF = [0, 0, 10, 5];

describe("VOC by hand", () => {
  test("hit, miss, hit: the curve and both means", () => {
    const detections = [found([A, 0.9], [FAR, 0.8], [B, 0.7])];
    const every = averagePrecision(detections, [real([A, B])]);
    expect(every.classes).toEqual([
      {
        label: 0,
        ap: (1 + 2 / 3) / 2,
        truths: 2,
        precision: [1, 1 / 2, 2 / 3],
        recall: [0.5, 0.5, 1],
      },
    ]);
    // Levels 0 to .5 see precision 1, .6 to 1 see 2/3.
    const eleven = averagePrecision(detections, [real([A, B])], { protocol: "voc11" });
    expect(eleven.map).toBeCloseTo((6 + (5 * 2) / 3) / 11, 12);
  });

  test("a truth is found once; the second detection on it is a miss", () => {
    const { classes } = averagePrecision([found([A, 0.9], [A, 0.8])], [real([A])]);
    expect(classes[0]).toMatchObject({ ap: 1, precision: [1, 0.5], recall: [1, 1] });
  });

  test("a detection whose best truth is gone takes no other", () => {
    const near = [0, 0, 10, 8];
    const detections = [found([A, 0.9], [A, 0.8])];
    expect(averagePrecision(detections, [real([near, A])]).classes[0]!.recall).toEqual([0.5, 0.5]);
  });

  test("IoU equal to the threshold is a hit", () => {
    expect(averagePrecision([found([HALF, 1])], [real([A])]).map).toBe(1);
    expect(averagePrecision([found([HALF, 1])], [real([A])], { iou: 0.51 }).map).toBe(0);
  });

  test("plusOne counts the outermost pixels", () => {
    // 11 x 6 of 11 x 11 pixels: over one half, under 0.55.
    const at = (iou: number) =>
      averagePrecision([found([HALF, 1])], [real([A])], { iou, plusOne: true });
    expect(at(6 / 11).map).toBe(1);
    expect(at(0.55).map).toBe(0);
  });

  test("a box without area is never found, but for plusOne", () => {
    const point = [5, 5, 5, 5];
    expect(averagePrecision([found([point, 1])], [real([point])]).map).toBe(0);
    expect(averagePrecision([found([point, 1])], [real([point])], { plusOne: true }).map).toBe(1);
  });

  test("difficult truths are neither counted nor an error, however often found", () => {
    const detections = [found([B, 0.95], [B, 0.9], [A, 0.8])];
    const { classes } = averagePrecision(detections, [real([A, B], { difficult: [false, true] })]);
    expect(classes).toEqual([{ label: 0, ap: 1, truths: 1, precision: [1], recall: [1] }]);
  });

  test("of two truths of equal IoU the first is taken", () => {
    const first = (difficult: boolean[]) =>
      averagePrecision([found([A, 1])], [real([A, A], { difficult })]).classes[0]!.recall;
    expect(first([false, true])).toEqual([1]);
    expect(first([true, false])).toEqual([]);
  });

  test("equal scores keep the order of the lists", () => {
    const lists = [found([FAR, 0.5]), found([A, 0.5])];
    const truths = [real([]), real([A])];
    expect(averagePrecision(lists, truths).map).toBe(0.5);
    expect(averagePrecision(lists.toReversed(), truths.toReversed()).map).toBe(1);
  });

  test("classes without truths do not enter the mean, and are listed when asked for", () => {
    const detections = [{ boxes: [A, B], labels: [3, 1], scores: [1, 1] }];
    const truths = [{ boxes: [A], labels: [3] }];
    expect(averagePrecision(detections, truths)).toMatchObject({ map: 1, classes: [{ label: 3 }] });
    const all = averagePrecision(detections, truths, { labels: [0, 1, 3] });
    expect(all.map).toBe(1);
    expect(all.classes.map(({ label, ap }) => [label, ap])).toEqual([
      [0, Number.NaN],
      [1, Number.NaN],
      [3, 1],
    ]);
    expect(averagePrecision(detections, truths, { labels: [1] }).map).toBeNaN();
  });

  test("nothing found is 0, nothing to find is NaN", () => {
    expect(averagePrecision([found()], [real([A])]).map).toBe(0);
    expect(averagePrecision([found([A, 1])], [real([])]).map).toBeNaN();
    expect(averagePrecision([], [])).toEqual({ map: Number.NaN, classes: [] });
  });

  test("flat typed arrays are the same as rows", () => {
    const rows = averagePrecision([found([A, 0.9], [FAR, 0.8], [B, 0.7])], [real([A, B])]);
    const flat = averagePrecision(
      [
        {
          boxes: Float32Array.from([A, FAR, B].flat()),
          labels: new Int32Array(3),
          scores: Float32Array.of(0.9, 0.8, 0.7),
        },
      ],
      [{ boxes: Float64Array.from([A, B].flat()), labels: new Uint8Array(2) }],
    );
    expect(flat).toEqual(rows);
  });
});

describe("COCO by hand", () => {
  const coco = (detections: ImageDetections[], truths: ImageTruths[]) =>
    averagePrecision(detections, truths, { protocol: "coco" });

  test("one truth of 100 square pixels: only the small range is defined", () => {
    const result = coco([found([A, 1])], [real([A])]);
    expect(result).toMatchObject({ AP: 1, AP50: 1, APs: 1, APm: -1, APl: -1, ARm: -1, ARl: -1 });
  });

  test("IoU .5 counts at the first threshold only", () => {
    const result = coco([found([HALF, 1])], [real([A])]);
    expect(result).toMatchObject({ AP50: 1, AP75: 0 });
    expect(result.AP).toBeCloseTo(0.1, 12);
  });

  test("AR1 sees one detection an image", () => {
    const result = coco([found([A, 0.9], [B, 0.8])], [real([A, B])]);
    expect(result).toMatchObject({ AR1: 0.5, AR10: 1, AR100: 1 });
  });

  test("an image has a hundred detections of a class, no more", () => {
    const misses = (count: number) => found(...Array(count).fill([FAR, 0.9]), [A, 0.1]);
    expect(coco([misses(99)], [real([A])])).toMatchObject({ AR10: 0, AR100: 1 });
    expect(coco([misses(100)], [real([A])])).toMatchObject({ AP: 0, AR100: 0 });
  });

  test("an area at the border of two ranges is in both", () => {
    const at = (side: number) =>
      coco([found([[0, 0, side, side], 1])], [real([[0, 0, side, side]])]);
    expect(at(32)).toMatchObject({ APs: 1, APm: 1, APl: -1 });
    expect(at(96)).toMatchObject({ APs: -1, APm: 1, APl: 1 });
  });

  test("a crowd swallows any number of detections that lie inside it", () => {
    const crowd = real([[0, 0, 50, 50], FAR], { crowd: [1, 0] });
    const detections = [found([A, 0.9], [B, 0.8], [FAR, 0.7])];
    expect(coco(detections, [crowd])).toMatchObject({ AP: 1, AR100: 1 });
    expect(coco(detections, [real(crowd.boxes as number[][])]).AP).toBeLessThan(0.5);
  });

  test("the given area, not the box's, sorts truths into ranges", () => {
    const result = coco([found([A, 1])], [real([A], { area: [2000] })]);
    expect(result).toMatchObject({ APs: -1, APm: 1, APl: -1 });
  });

  test("a detection takes the free truth of largest IoU, unlike VOC", () => {
    const near = [0, 0, 10, 8];
    const result = coco([found([A, 0.9], [A, 0.8])], [real([near, A])]);
    expect(result).toMatchObject({ AP50: 1, AR100: expect.closeTo(0.85, 12) });
  });

  test("nothing to find is -1, also for the class", () => {
    expect(coco([found([A, 1])], [real([])])).toMatchObject({
      map: -1,
      AP: -1,
      AR1: -1,
      classes: [],
    });
    const { classes } = averagePrecision([found([A, 1])], [real([])], {
      protocol: "coco",
      labels: [0],
    });
    expect(classes).toEqual([{ label: 0, ap: -1, truths: 0 }]);
  });
});

describe("what is refused", () => {
  const bad = (detections: unknown, truths: unknown, options?: object) => () =>
    averagePrecision(detections as ImageDetections[], truths as ImageTruths[], options);
  const refused = (run: () => unknown): SsdError => {
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(SsdError);
      return error as SsdError;
    }
    throw new Error("expected an error");
  };
  const good = found([A, 1]);

  test.each([
    [[good], [], "an entry per image in both, got 1 and 0"],
    [[good, undefined], [real([A]), real([A])], "detections of image 1: expected boxes"],
    [[good], [{ labels: [0] }], "truths of image 0: expected boxes"],
    [
      [{ ...good, labels: [] }],
      [real([A])],
      "detections of image 0: labels: expected one per box (1), got 0",
    ],
    [
      [{ boxes: [A], labels: [0] }],
      [real([A])],
      "detections of image 0: scores: expected one per box (1)",
    ],
    [[{ ...good, scores: [Number.NaN] }], [real([A])], "scores: got NaN for box 0"],
    [[{ ...good, labels: [0.5] }], [real([A])], "labels: got 0.5 for box 0"],
    [[{ ...good, labels: [-1] }], [real([A])], "labels: got -1 for box 0"],
    [[{ ...good, boxes: [[1, 2, 3]] }], [real([A])], "four numbers per box, got 3 in box 0"],
    [[{ ...good, boxes: new Float32Array(5) }], [real([A])], "four numbers per box, got 5 in all"],
    [[found([[0, 0, Number.NaN, 1], 1])], [real([A])], "got [0, 0, NaN, 1] in box 0"],
    [[good], [real([A, [50, 50, 20, 20]])], "truths of image 0: expected corners"],
    [
      [good],
      [real([A], { difficult: [] })],
      "truths of image 0: difficult: expected one per box (1)",
    ],
    [
      [good],
      [real([A], { crowd: [1, 1] })],
      "truths of image 0: crowd: expected one per box (1), got 2",
    ],
    [[good], [real([A], { area: [-1] })], "truths of image 0: area: got -1 for box 0"],
    ["no", [real([A])], "expected two lists"],
  ])("data %#: %s %s", (detections, truths, message) => {
    const error = refused(bad(detections, truths));
    expect(error.code).toBe("BAD_DATA");
    expect(error.message).toContain(message);
  });

  test.each([
    [{ protocol: "voc12" }, "voc11"],
    [{ plusone: true }, 'did you mean "plusOne"'],
    [{ iou: 0 }, "iou"],
    [{ protocol: "coco", iou: 0.5 }, 'no "iou" with protocol "coco"'],
    [{ protocol: "coco", plusOne: true }, 'no "plusOne" with protocol "coco"'],
    [{ labels: [-1] }, "labels.0"],
  ])("options %j", (options, message) => {
    const error = refused(bad([good], [real([A])], options));
    expect(error.code).toBe("BAD_OPTION");
    expect(error.message).toContain(message);
  });
});

describe("what always holds", () => {
  const box = fc
    .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }), fc.nat(30), fc.nat(30))
    .map(([x, y, w, h]) => [x, y, x + w + 1, y + h + 1]);
  const truth = fc.record({ box, label: fc.nat(2), difficult: fc.boolean(), crowd: fc.boolean() });
  const detection = fc.record({
    box,
    label: fc.nat(2),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const image = fc.record({
    truths: fc.array(truth, { maxLength: 6 }),
    detections: fc.array(detection, { maxLength: 8 }),
  });
  type Image = typeof image extends fc.Arbitrary<infer T> ? T : never;
  const images = fc.array(image, { minLength: 1, maxLength: 5 });
  const protocols = fc.constantFrom("voc", "voc11", "coco") as fc.Arbitrary<
    "voc" | "voc11" | "coco"
  >;

  const run = (list: Image[], protocol: "voc" | "voc11" | "coco") =>
    averagePrecision(
      list.map(({ detections: d }) => ({
        boxes: d.map((x) => x.box),
        labels: d.map((x) => x.label),
        scores: d.map((x) => x.score),
      })),
      list.map(({ truths: t }) => ({
        boxes: t.map((x) => x.box),
        labels: t.map((x) => x.label),
        difficult: t.map((x) => x.difficult),
        crowd: t.map((x) => x.crowd),
      })),
      { protocol },
    );

  /** No two equal scores: their order would be the order of the lists. */
  const distinct = (list: Image[]): boolean => {
    const scores = list.flatMap(({ detections }) => detections.map(({ score }) => score));
    return new Set(scores).size === scores.length;
  };

  test("the order of the images does not matter", () => {
    fc.assert(
      fc.property(images, protocols, fc.nat(), (list, protocol, turn) => {
        fc.pre(distinct(list));
        const at = turn % list.length;
        const turned = [...list.slice(at), ...list.slice(0, at)];
        expect(run(turned, protocol)).toEqual(run(list, protocol));
      }),
    );
  });

  test("every precision is between 0 and 1, or undefined", () => {
    fc.assert(
      fc.property(images, protocols, (list, protocol) => {
        const { map, classes } = run(list, protocol);
        for (const { ap } of classes) expect(ap >= 0 && ap <= 1).toBe(true);
        expect(classes.length === 0 ? Number.isNaN(map) || map === -1 : map >= 0 && map <= 1).toBe(
          true,
        );
      }),
    );
  });

  test("the truths themselves, found with any scores, give 1", () => {
    fc.assert(
      fc.property(images, protocols, (list, protocol) => {
        // Equal boxes are told apart by nobody: VOC's rule takes the first of them twice.
        const clear = list.map(({ truths }) => {
          const seen = new Map(truths.map((t) => [`${t.box}/${t.label}`, { ...t, crowd: false }]));
          const kept = [...seen.values()];
          return { truths: kept, detections: kept.map((t, i) => ({ ...t, score: 1 / (i + 2) })) };
        });
        fc.pre(clear.some(({ truths }) => truths.some(({ difficult }) => !difficult)));
        expect(run(clear, protocol).map).toBe(1);
      }),
    );
  });

  test("a miss below all other scores never raises the precision", () => {
    fc.assert(
      fc.property(images, protocols, fc.nat(2), (list, protocol, label) => {
        const before = run(list, protocol).map;
        const [first, ...rest] = list as [Image, ...Image[]];
        const miss = { box: [500, 500, 510, 510], label, score: -1 };
        const after = run(
          [{ ...first, detections: [...first.detections, miss] }, ...rest],
          protocol,
        ).map;
        expect(after).toEqual(before);
        const above = { ...miss, score: 2 };
        const worse = run(
          [{ ...first, detections: [...first.detections, above] }, ...rest],
          protocol,
        );
        if (!Number.isNaN(before)) expect(worse.map).toBeLessThanOrEqual(before + 1e-12);
      }),
    );
  });

  test("only the order of the scores matters", () => {
    fc.assert(
      fc.property(images, protocols, (list, protocol) => {
        const ranks = [...new Set(list.flatMap((i) => i.detections.map((d) => d.score)))].sort(
          (a, b) => a - b,
        );
        const scaled = list.map(({ truths, detections }) => ({
          truths,
          detections: detections.map((d) => ({ ...d, score: ranks.indexOf(d.score) * 7 - 20 })),
        }));
        expect(run(scaled, protocol)).toEqual(run(list, protocol));
      }),
    );
  });
});
