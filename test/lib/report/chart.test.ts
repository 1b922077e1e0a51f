import fc from "fast-check";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import { type LineChart, lineChart } from "../../../lib/report/chart.js";
import { linearAxis, logAxis, position, tickName } from "../../../lib/report/ticks.js";

type Node = Record<string, string | number>;

/** Every element of a name, wherever it stands, with its attributes. */
function elements(svg: string, name: string): Node[] {
  expect(XMLValidator.validate(svg)).toBe(true);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "",
    isArray: () => true,
  });
  const found: Node[] = [];
  const walk = (node: unknown, at: string): void => {
    if (Array.isArray(node)) for (const child of node) walk(child, at);
    else if (typeof node === "object" && node !== null) {
      if (at === name) found.push(node as Node);
      for (const [key, child] of Object.entries(node)) walk(child, key);
    } else if (at === name) found.push({ "#text": String(node) });
  };
  walk(parser.parse(svg), "");
  return found;
}

const texts = (svg: string): string[] => elements(svg, "text").map((node) => String(node["#text"]));
const lines = (svg: string): string[] =>
  elements(svg, "path").flatMap((path) => (path["stroke-linejoin"] ? [String(path.d)] : []));

const chart = (more: Partial<LineChart> = {}): string =>
  lineChart({
    title: "Loss",
    xLabel: "epoch",
    series: [
      {
        name: "conf",
        points: [
          [1, 8],
          [2, 4],
          [3, 2],
        ],
      },
      {
        name: "loc",
        points: [
          [1, 3],
          [2, 2],
          [3, 1],
        ],
      },
    ],
    ...more,
  });

describe("lineChart", () => {
  test("title, labels, legend and ticks at whole epochs", () => {
    const all = texts(chart({ yLabel: "nats" }));
    for (const text of ["Loss", "epoch", "nats", "conf", "loc", "1", "2", "3", "0", "8"]) {
      expect(all).toContain(text);
    }
    expect(all).not.toContain("1.5");
  });

  test("points go left to right, larger values further up, all inside the picture", () => {
    const [conf] = lines(chart());
    const points = Array.from(conf!.matchAll(/([\d.]+) ([\d.]+)/g), ([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    expect(points).toHaveLength(3);
    expect(points[0]![0]!).toBeLessThan(points[1]![0]!);
    expect(points[0]![1]!).toBeLessThan(points[1]![1]!);
    expect(points.flat().every((value) => value >= 0 && value <= 560)).toBe(true);
  });

  test("a value that is not finite leaves a gap; with log, one that is not positive", () => {
    const points = [
      [1, 1],
      [2, Number.NaN],
      [3, 2],
      [4, 0],
      [5, 10],
    ] as const;
    const d = (log: boolean): string => lines(chart({ log, series: [{ name: "a", points }] }))[0]!;
    expect(d(false)).toMatch(/^M[^ML]+M[^ML]+L[^ML]+L[^ML]+$/);
    expect(d(true)).toMatch(/^M[^ML]+M[^ML]+M[^ML]+$/);
  });

  test("points tell their value, unless there are very many", () => {
    expect(elements(chart(), "title")).toHaveLength(6);
    const points = Array.from({ length: 500 }, (_, i) => [i, Math.sin(i)] as const);
    expect(elements(chart({ series: [{ name: "many", points }] }), "title")).toHaveLength(0);
  });

  test("marks are dashed levels and stand in the legend", () => {
    const svg = chart({ marks: [{ name: "teacher", y: 9.5 }] });
    expect(texts(svg)).toContain("teacher");
    expect(elements(svg, "path").filter((path) => path["stroke-dasharray"])).toHaveLength(2);
    expect(texts(svg)).toContain("10");
  });

  test("a long legend wraps and makes the picture higher", () => {
    const height = (svg: string): number =>
      Number(String(elements(svg, "svg")[0]!.viewBox).split(" ")[3]);
    const series = Array.from({ length: 9 }, (_, i) => ({ name: `a long name ${i}`, points: [] }));
    expect(height(chart({ series }))).toBeGreaterThan(height(chart()));
  });

  test("no series, no points and one point are drawn too", () => {
    expect(texts(chart({ series: [] }))).toContain("no data");
    expect(
      texts(chart({ series: [{ name: "a", points: [[1, Number.NaN]] }], log: true })),
    ).toContain("no data");
    expect(texts(chart({ series: [{ name: "a", points: [[1, 0.5]] }] }))).not.toContain("no data");
  });

  test("text is escaped", () => {
    const svg = chart({ title: `<b>"&'`, series: [{ name: "</svg><script>", points: [[1, 1]] }] });
    expect(svg).not.toMatch(/<b>|<script>/);
    expect(svg.endsWith("</svg>")).toBe(true);
    expect(XMLValidator.validate(svg)).toBe(true);
  });

  test("any numbers give a whole picture without NaN", () => {
    const x = fc.oneof(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: -1e9, max: 1e9 }));
    const y = fc.double();
    fc.assert(
      fc.property(fc.array(fc.tuple(x, y), { maxLength: 8 }), fc.boolean(), (points, log) => {
        const svg = chart({ log, series: [{ name: "any", points }] });
        expect(svg).not.toMatch(/NaN|Infinity/);
        expect(XMLValidator.validate(svg)).toBe(true);
      }),
    );
  });
});

describe("axes", () => {
  test.each([
    [
      [0, 1],
      [0, 0.2, 0.4, 0.6, 0.8, 1],
    ],
    [
      [0.31, 0.36],
      [0.31, 0.32, 0.33, 0.34, 0.35, 0.36],
    ],
    [
      [3, 17.95],
      [0, 5, 10, 15, 20],
    ],
    [
      [-2, 2],
      [-2, -1, 0, 1, 2],
    ],
    [[], [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [
      [4, 4],
      [0, 1, 2, 3, 4, 5],
    ],
  ])("linear around %j", (values, ticks) => {
    expect(linearAxis(values, 5).ticks).toEqual(ticks);
  });

  test("whole numbers end at the values", () => {
    expect(linearAxis([1, 60], 8, true)).toMatchObject({
      low: 1,
      high: 60,
      ticks: [10, 20, 30, 40, 50, 60],
    });
    expect(linearAxis([1, 3], 8, true).ticks).toEqual([1, 2, 3]);
  });

  test("logarithmic: decades, with 2 and 5 when there are few", () => {
    expect(logAxis([2e-4, 9e-3]).ticks).toEqual([1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2]);
    expect(logAxis([1e-6, 1]).ticks).toEqual([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]);
    expect(position(logAxis([1, 100]), 10)).toBeCloseTo(0.5, 12);
  });

  test("names", () => {
    const names = [0, 0.25, -3, 5e-4, 2000, 40_000, 2.5e6].map(tickName);
    expect(names).toEqual(["0", "0.25", "−3", "5e−4", "2000", "40k", "2.5M"]);
  });
});
