import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLabels } from "../../../lib/data/yolo-labels.js";

const size = { width: 40, height: 30 };
const parse = (text: string) => parseLabels(text, ["cat", "dog"], size, "a.txt");

test("boxes and outlines in pixels, with the words of the file", () => {
  const text = "0 0.5 0.5 0.5 1\n1.0\t.25 .5 .5 .2\n1 0.1 0.2 0.5 0.1 0.3 0.9 0.2 0.8\n";
  const objects = parse(text);
  expect(objects.map(({ name }) => name)).toEqual(["cat", "dog", "dog"]);
  expect(objects[0]).toEqual({
    name: "cat",
    box: [10, 0, 30, 30],
    difficult: false,
    written: "(0.5 0.5 0.5 1)",
  });
  objects[2]!.box.forEach((corner, i) => {
    expect(corner).toBeCloseTo([4, 3, 20, 27][i]!, 12);
  });
  expect(objects[2]!.written).toBe("an outline of 4 points");
});

test("an outline of very many points", () => {
  const points = Array.from({ length: 300_000 }, (_, i) => `0.${(i % 90) + 10}`).join(" ");
  const [x1, y1, x2, y2] = parse(`0 ${points}`)[0]!.box;
  expect([x1, y1, x2, y2].map((v) => v.toFixed(2))).toEqual(["4.00", "3.30", "39.20", "29.70"]);
});

test("any box comes back to within its printed digits, and never outside for their sake", () => {
  const side = (max: number) =>
    fc
      .tuple(fc.nat(max - 1), fc.nat(max - 1))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1]);
  fc.assert(
    fc.property(side(40), side(30), ([x1, x2], [y1, y2]) => {
      const text = [(x1! + x2!) / 80, (y1! + y2!) / 60, (x2! - x1!) / 40, (y2! - y1!) / 30]
        .map((share) => share.toFixed(6))
        .join(" ");
      const { box } = parse(`0 ${text}`)[0]!;
      box.forEach((corner, i) => {
        expect(Math.abs(corner - [x1, y1, x2, y2][i]!)).toBeLessThanOrEqual(40e-6);
      });
      expect(box[0] >= 0 && box[1] >= 0 && box[2] <= 40 && box[3] <= 30).toBe(true);
    }),
  );
});

describe("refuses with the file and the object", () => {
  test.each<[string, string, RegExp, number]>([
    ["broken-annotation", "0", /got 1 columns/, 0],
    ["broken-annotation", "0 .1 .2 .3 .4\n\n1 .1 .2 .3", /got 4 columns/, 1],
    ["broken-annotation", "0 .1 .2 .3 .4 .5", /got 6 columns/, 0],
    ["broken-annotation", "0 .1 .2 .3 .4 .5 .6 .7", /got 8 columns/, 0],
    ["broken-annotation", "0.5 .1 .2 .3 .4", /the number of a class, got "0.5"/, 0],
    ["unknown-class", "2 .1 .2 .3 .4", /a class from 0 to 1, got 2/, 0],
  ])("%s %j", (kind, text, message, object) => {
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).toThrow(expect.objectContaining({ kind, file: "a.txt", object }));
  });

  test("what is no number is left to be told as such", () => {
    expect(parse("0 .1 x .3 .4")[0]!.box[1]).toBeNaN();
  });
});
