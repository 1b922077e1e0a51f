import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { between, integer, pick, type Random, stream } from "../../lib/data/random.js";
import { averagePrecision } from "../../lib/evaluate/average-precision.js";
import {
  type CocoFiles,
  type CocoObject,
  cocoCase,
  cocoFiles,
  hasData,
  needsData,
} from "../lib/evaluate/cases.js";
import { pythonWith } from "../support/python.js";

// Average precision against pycocotools itself: COCO's files as they are, and changed at random with
// a new seed each time. SSD_DISTILL_PYTHON is a Python with pycocotools, SSD_DISTILL_SEED repeats a run.

const python = pythonWith("pycocotools");
const seed = Number(process.env.SSD_DISTILL_SEED ?? 1 + Math.floor(Math.random() * 1e9));
const script = fileURLToPath(new URL("../../scripts/golden/coco.py", import.meta.url));
const names = "AP AP50 AP75 APs APm APl AR1 AR10 AR100 ARs ARm ARl".split(" ");
const missing = python === undefined ? " (skipped: no Python with pycocotools)" : "";

interface Reference {
  /** In the order of {@link names}. */
  numbers: number[];
  /** By category. */
  classes: Record<string, number>;
}

function reference(cases: readonly CocoFiles[]): Reference[] {
  const options = { input: JSON.stringify(cases), encoding: "utf8", maxBuffer: 2 ** 26 } as const;
  return JSON.parse(execFileSync(python!, [script], options));
}

/** Our own numbers and classes in the same form. */
function ours(files: CocoFiles): Reference {
  const { detections, truths } = cocoCase(files);
  const result = averagePrecision(detections, truths, { protocol: "coco" });
  const counted = result.classes.filter(({ ap }) => ap > -1);
  return {
    numbers: names.map((name) => result[name as "AP"]),
    classes: Object.fromEntries(counted.map(({ label, ap }) => [label, ap])),
  };
}

function same(files: CocoFiles, expected: Reference, what: string): void {
  const got = ours(files);
  for (const [i, number] of expected.numbers.entries()) {
    expect(Math.abs(got.numbers[i]! - number), `${what}: ${names[i]}`).toBeLessThanOrEqual(1e-10);
  }
  expect(Object.keys(got.classes)).toEqual(Object.keys(expected.classes));
  for (const [label, ap] of Object.entries(expected.classes)) {
    const difference = Math.abs(got.classes[label]! - ap);
    expect(difference, `${what}: category ${label}`).toBeLessThanOrEqual(1e-10);
  }
}

/** Whole eighths of a pixel: sums of these are exact, so that rounding decides no tie. */
const eighths = (value: number) => Math.round(value * 8) / 8;

function moved(random: Random, { bbox }: CocoObject, by: number): number[] {
  const [x, y, w, h] = bbox.map((value, i) => {
    const scale = bbox[2 + (i % 2)]! * by;
    return eighths(value + between(random, -scale, scale));
  }) as [number, number, number, number];
  return [x, y, Math.max(w, 0.125), Math.max(h, 0.125)];
}

/** A truth with another box, or a crowd, or an area of another range or on the edge of two. */
function truthOf(random: Random, truth: CocoObject): CocoObject {
  const bbox = moved(random, truth, 0.05);
  const iscrowd = random() < 0.15 ? 1 : truth.iscrowd!;
  const area = pick(random, [truth.area!, bbox[2]! * bbox[3]!, 32 ** 2, 96 ** 2, 900, 9500]);
  return { ...truth, bbox, iscrowd, area };
}

/** Pictures and truths left out, boxes and scores changed; ties, doubles, and one crowded picture. */
function perturbed(files: CocoFiles, random: Random): CocoFiles {
  const images = files.images.filter((_, i) => i === 0 || random() < 0.7);
  const there = new Set(images.map(({ id }) => id));
  const kept = (share: number, list: readonly CocoObject[]) =>
    list.filter(({ image_id }) => there.has(image_id) && random() < share);
  const annotations = kept(0.8, files.annotations).map((truth) => truthOf(random, truth));
  const scored = (object: CocoObject): CocoObject => {
    const bbox = random() < 0.2 ? object.bbox.map(eighths) : moved(random, object, 0.15);
    const { image_id, category_id } = object;
    return { image_id, category_id, bbox, score: integer(random, 1, 50) / 50 };
  };
  const [first] = annotations;
  const detections = [
    ...kept(0.8, files.detections),
    ...kept(0.8, annotations),
    ...kept(0.5, annotations),
    // More on one picture than the protocol looks at.
    ...Array.from({ length: 130 }, () => first!),
  ].map(scored);
  // References of annotations are by id, detections by their order.
  const numbered = annotations.map((truth, i) => ({ ...truth, id: i + 1 }));
  return { images, categories: files.categories, annotations: numbered, detections };
}

describe.skipIf(!hasData || python === undefined)(
  `pycocotools on the same files${needsData}${missing}`,
  () => {
    test("the files as they are", () => {
      const files = cocoFiles();
      same(files, reference([files])[0]!, "as they are");
    });

    test(`changed at random, SSD_DISTILL_SEED=${seed}`, () => {
      console.info(`COCO parity: SSD_DISTILL_SEED=${seed}`);
      const files = cocoFiles();
      const cases = Array.from({ length: 8 }, (_, i) => perturbed(files, stream(seed, i)));
      const expected = reference(cases);
      for (const [i, changed] of cases.entries()) {
        expect(changed.annotations.some(({ iscrowd }) => iscrowd === 1)).toBe(true);
        expect(Math.min(...expected[i]!.numbers), `case ${i}`).toBeGreaterThan(0);
        same(changed, expected[i]!, `case ${i}`);
      }
    });
  },
);
