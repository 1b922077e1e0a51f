import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Box } from "../../../lib/data/dataset.js";
import {
  ProblemLog,
  parseReadOptions,
  placeBox,
  placeTruths,
  Unusable,
} from "../../../lib/data/reader.js";
import { SsdError } from "../../../lib/errors.js";

const size = { width: 40, height: 30 };
const number = fc.oneof(
  fc.double({ min: -100, max: 100 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 30, 40),
);

describe("placeBox", () => {
  test("whatever comes, what is kept lies inside and has an area", () => {
    fc.assert(
      fc.property(fc.tuple(number, number, number, number), (box) => {
        const { box: kept, problem } = placeBox(box as Box, size);
        if (kept === undefined) {
          expect(["not-finite", "zero-area", "outside"]).toContain(problem);
          return;
        }
        const [x1, y1, x2, y2] = kept;
        expect(x1 >= 0 && y1 >= 0 && x2 <= 40 && y2 <= 30 && x2 > x1 && y2 > y1).toBe(true);
        expect(problem).toBe(kept.every((v, i) => v === box[i]) ? undefined : "outside");
      }),
    );
  });

  test.each<[string, Box, string | undefined, Box | undefined]>([
    ["inside", [1, 2, 3, 4], undefined, [1, 2, 3, 4]],
    ["the whole picture", [0, 0, 40, 30], undefined, [0, 0, 40, 30]],
    ["without width", [5, 5, 5, 9], "zero-area", undefined],
    ["inverted", [9, 5, 5, 9], "zero-area", undefined],
    ["partly outside", [-1, 5, 50, 9], "outside", [0, 5, 40, 9]],
    ["touching from outside", [40, 5, 50, 9], "outside", undefined],
    ["wholly outside", [5, -9, 9, -1], "outside", undefined],
    ["infinite", [0, 0, Number.POSITIVE_INFINITY, 9], "not-finite", undefined],
  ])("a box %s", (_, box, problem, kept) => {
    const placed = placeBox(box, size);
    expect(placed.problem).toBe(problem);
    expect(placed.box).toEqual(kept);
  });
});

describe("placeTruths", () => {
  const labels = new Map([
    ["cat", 0],
    ["dog", 1],
  ]);
  const object = (name: string, box: Box, difficult = false) => ({
    name,
    box,
    difficult,
    written: box.join(" "),
  });

  test("notes every problem with the object's index in the file", () => {
    const log = new ProblemLog("throw");
    const objects = [
      object("cat", [1, 1, 1, 5]),
      object("dog", [1, 1, 9, 9], true),
      object("cat", [1, 1, 9, 9]),
      object("dog", [1, 1, 9, 9]),
      object("cat", [30, 1, 50, 9]),
      object("cat", [0, 1, 40, 2]),
    ];
    const truths = placeTruths(objects, labels, size, "a.xml", log);
    expect(truths).toEqual([
      { label: 1, box: [1, 1, 9, 9], difficult: true },
      { label: 0, box: [1, 1, 9, 9], difficult: false },
      { label: 1, box: [1, 1, 9, 9], difficult: false },
      { label: 0, box: [30, 1, 40, 9], difficult: false },
      { label: 0, box: [0, 1, 40, 2], difficult: false },
    ]);
    expect(log.list.map(({ kind, object, file }) => [kind, object, file])).toEqual([
      ["zero-area", 0, "a.xml"],
      ["duplicate", 3, "a.xml"],
      ["outside", 4, "a.xml"],
      ["extreme", 5, "a.xml"],
    ]);
    expect(log.list[0]!.message).toBe('"cat" at 1 1 1 5 has no area; it is left out');
    expect(log.list[1]!.message).toContain("is the same as object 1");
  });
});

describe("ProblemLog", () => {
  const broken = new Unusable("unknown-class", "a.xml", "expected a cat, got a dog", 3);

  test("throws where the file and the object are", () => {
    const attempt = () => new ProblemLog("throw").unusable(broken);
    expect(attempt).toThrow(SsdError);
    expect(attempt).toThrow("a.xml, object 3: expected a cat, got a dog");
  });

  test("collects instead when that is wanted", () => {
    const log = new ProblemLog("collect");
    log.unusable(broken);
    log.unusable(new Unusable("missing-picture", "b.xml", "no picture"));
    expect(log.list).toEqual([
      { kind: "unknown-class", file: "a.xml", object: 3, message: "expected a cat, got a dog" },
      { kind: "missing-picture", file: "b.xml", message: "no picture" },
    ]);
  });
});

describe("parseReadOptions", () => {
  test("fills in the defaults", () => {
    expect(parseReadOptions(undefined)).toEqual({
      onProblem: "throw",
      picture: { exif: "auto", maxPixels: 100_000_000 },
    });
  });

  test.each([
    [{ limit: 0 }, /option "limit"/],
    [{ limit: 1.5 }, /option "limit"/],
    [{ classes: [] }, /option "classes"/],
    [{ classes: ["a", "a"] }, /option "classes": expected different names/],
    [{ onProblem: "colect" }, /did you mean "collect"/],
    [{ clases: ["a"] }, /unknown option "clases"; did you mean "classes"/],
  ])("refuses %j", (options, message) => {
    expect(() => parseReadOptions(options as never)).toThrow(message);
  });
});
