import { expect, test } from "vitest";
import { checkText } from "../../../lib/cli/data-check-text.js";
import type { DataCheck } from "../../../lib/data/check.js";
import type { Problem } from "../../../lib/data/dataset.js";
import { notesOn } from "../../../lib/data/notes.js";
import { fitPriors, trainedTruths } from "../../../lib/data/prior-fit.js";
import { type Seen, statisticsOf } from "../../../lib/data/statistics.js";
import { presets } from "../../../lib/presets.js";
import { seen, truth } from "../../support/seen.js";

async function checkOf(pictures: Seen[], more: Partial<DataCheck> = {}): Promise<DataCheck> {
  const statistics = statisticsOf(pictures);
  return {
    items: pictures.length,
    boxes: pictures.flatMap(({ item }) => item.truths).length,
    classes: { cat: 1, owl: 3 },
    problems: [],
    notes: notesOn(pictures, statistics),
    statistics,
    priors: await fitPriors(trainedTruths(pictures), ["cat", "owl"], presets["ssd128-tiny"]),
    ...more,
  };
}

const pictures = [
  seen("a.jpg", [truth([10, 10, 40, 25]), truth([10, 10, 11, 10.5], { label: 1 })]),
  seen("b.jpg", [truth([0, 5, 30, 20], { label: 1 }), truth([1, 1, 9, 9], { crowd: true })]),
  seen("c.jpg"),
];

test("all of it", async () => {
  const suggestion = {
    sizes: [2, 9, 20, 40, 80],
    ratios: [[2], [2], [3], [1.5]],
    truths: 3,
    unreached: 0,
  };
  const check = await checkOf(pictures);
  const text = checkText({ ...check, priors: { ...check.priors, suggestion } });
  expect(text.split("\n")).toEqual([
    "no problems",
    "",
    "3 pictures, 4 boxes, 2 classes",
    "1 picture without boxes, 0 difficult, 1 crowd",
    "",
    "sizes    100x50 3",
    "files    .jpg 3",
    "colours  8-bit rgb 3",
    "corners  from 0 and 1 to width - 60 and height - 25, pixels counted from 0",
    "",
    "boxes by class",
    "  cat  1  ##########",
    "  owl  3  ##############################  50.0 % out of reach",
    "",
    "boxes by size: the square root of their share of the picture",
    "  0.00 to 0.02  1  ###############                 100.0 % out of reach",
    "  0.02 to 0.03  0",
    "  0.03 to 0.04  0",
    "  0.04 to 0.06  0",
    "  0.06 to 0.08  0",
    "  0.08 to 0.12  1  ###############",
    "  0.12 to 0.16  0",
    "  0.16 to 0.24  0",
    "  0.24 to 0.32  2  ##############################",
    "",
    "boxes by aspect: width over height in the square input",
    "  1:2.5 to 1:1.5  1  ##########",
    "  1:1.5 to 1.5:1  3  ##############################",
    "",
    "priors of ssd128-tiny (1360): 1 of 3 boxes to train on (33.3 %) are out of reach, with no prior at an IoU of 0.5",
    "with other priors 0 (0.0 %):",
    '  { ...presets["ssd128-tiny"], sizes: [2, 9, 20, 40, 80], ratios: [[2], [2], [3], [1.5]] }',
  ]);
});

test("notes stand after the problems, with their files", async () => {
  const problems: Problem[] = [{ kind: "outside", file: "a.xml", object: 2, message: "is out" }];
  const notes = [{ message: "odd" }, { message: "two are gray", files: ["a.jpg", "b.jpg"] }];
  const lines = checkText(await checkOf(pictures, { problems, notes })).split("\n");
  expect(lines.slice(0, 5)).toEqual([
    "outside a.xml#2: is out",
    "1 problem: outside 1",
    "",
    "note: odd",
    "note: two are gray: a.jpg, b.jpg",
  ]);
});

test("the summary tells how many files are left out", async () => {
  const problems: Problem[] = [
    { kind: "missing-picture", file: "a.xml", message: "none" },
    { kind: "outside", file: "b.xml", object: 0, message: "is out" },
  ];
  expect(checkText(await checkOf(pictures, { problems }))).toContain(
    "\n2 problems: missing-picture 1, outside 1; 1 file left out\n",
  );
});

test("of what is there often, the first twenty: by kind, files, sizes", async () => {
  const of = (kind: Problem["kind"], count: number): Problem[] =>
    Array.from({ length: count }, (_, i) => ({ kind, file: `${i}.xml`, message: "m" }));
  const files = Array.from({ length: 23 }, (_, i) => `${i}.jpg`);
  const problems = [...of("outside", 23), ...of("extreme", 20), ...of("outside", 2)];
  const many = files.map((file, i) => seen(file, [], { size: { width: 10 + i, height: 5 } }));
  const check = await checkOf(many, { problems, notes: [{ message: "gray", files }] });
  const lines = checkText(check).split("\n");
  expect(lines[19]).toBe("outside 19.xml: m");
  expect(lines[20]).toBe("… and 5 more of outside");
  expect(lines[21]).toBe("extreme 0.xml: m");
  expect(lines[41]).toBe("45 problems: outside 25, extreme 20");
  expect(lines[43]).toMatch(/^note: gray: 0\.jpg, .*, 19\.jpg, … and 3 more$/);
  expect(lines.find((line) => line.startsWith("sizes"))).toMatch(/29x5 1, … and 3 more$/);
});

test("without boxes there is nothing to draw", async () => {
  const text = checkText(await checkOf([], { classes: {} }));
  expect(text).toContain("0 pictures, 0 boxes, 0 classes\n");
  expect(text).not.toMatch(/corners|NaN|undefined/);
  expect(text).toMatch(/0 of 0 boxes to train on \(0\.0 %\)/);
});
