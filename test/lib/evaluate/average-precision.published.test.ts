import { describe, expect, test } from "vitest";
import { averagePrecision } from "../../../lib/evaluate/average-precision.js";
import type { CocoNumbers } from "../../../lib/evaluate/types.js";
import {
  type Case,
  cocoFake,
  expected,
  hasData,
  needsData,
  padilla,
  toyCats,
  vocSample,
} from "./cases.js";

const plain = ({ detections, truths }: Case): Case => ({
  detections,
  truths: truths.map(({ boxes, labels }) => ({ boxes, labels })),
});

const shift = <T extends { boxes: number[][] }>(list: T[], by: number): T[] =>
  list.map((entry) => ({ ...entry, boxes: entry.boxes.map((box) => box.map((v) => v + by)) }));

const mapOf = (
  { detections, truths }: Case,
  protocol: "voc" | "voc11",
  iou = 0.5,
  plusOne = false,
): number => averagePrecision(detections, truths, { protocol, iou, plusOne }).map;

describe.skipIf(!hasData)(`published average precision${needsData}`, () => {
  const known = hasData ? expected() : {};

  test("VOC 2012 sample, 20 classes: difficult ignored and counted, both protocols", () => {
    const sample = vocSample();
    const { difficult_ignored: ignored, difficult_counted: counted } =
      known.voc2012_sample100_dets!;
    expect(sample.truths.flatMap(({ labels }) => labels)).toHaveLength(273);
    expect(mapOf(sample, "voc")).toBeCloseTo(ignored!.every_point!, 6);
    expect(mapOf(sample, "voc11")).toBeCloseTo(ignored!.eleven_point!, 6);
    expect(mapOf(plain(sample), "voc")).toBeCloseTo(counted!.every_point!, 6);
    expect(mapOf(plain(sample), "voc11")).toBeCloseTo(counted!.eleven_point!, 6);
  });

  test("VOC 2012 sample: only truths and detections in one frame give the number", () => {
    const { detections, truths } = vocSample();
    const number = known.voc2012_sample100_dets!.difficult_ignored!.every_point!;
    const both = { detections: shift(detections, -1), truths: shift(truths, -1) };
    expect(mapOf(both, "voc")).toBeCloseTo(number, 6);
    expect(mapOf({ detections, truths: shift(truths, -1) }, "voc")).toBeCloseTo(0.616784, 6);
  });

  test("VOC 2012 sample: rows of all classes, counted truths only", () => {
    const { detections, truths } = vocSample();
    const { classes, map } = averagePrecision(detections, truths);
    expect(classes.map(({ label }) => label)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(classes.reduce((sum, row) => sum + row.truths, 0)).toBe(273 - 38);
    expect(classes.reduce((sum, row) => sum + row.ap, 0) / 20).toBeCloseTo(map, 12);
  });

  test.each([0.5, 0.75])("toy cats at IoU %s, with and without the extra pixel", (iou) => {
    const cats = toyCats();
    const at = String(iou);
    for (const plusOne of [false, true]) {
      const every = mapOf(cats, "voc", iou, plusOne);
      expect(every).toBeCloseTo(known.voc_toy_cats!.every_point![at]!, 4);
      const eleven = mapOf(cats, "voc11", iou, plusOne);
      expect(eleven).toBeCloseTo(known.voc_toy_cats!.eleven_point![at]!, 4);
    }
  });

  test.each([
    ["voc", true, "every_point"],
    ["voc", false, "every_point_without_plus1"],
    // At IoU .1 the published eleven-point number depends on the float of recall level 0.6.
    ["voc11", true, "eleven_point_exact_arithmetic"],
    ["voc11", false, "eleven_point_without_plus1_exact_arithmetic"],
  ] as const)("seven pictures of Padilla: %s, plusOne %s", (protocol, plusOne, key) => {
    for (const [iou, number] of Object.entries(known.voc_padilla7![key]!)) {
      expect(mapOf(padilla(), protocol, Number(iou), plusOne), `IoU ${iou}`).toBeCloseTo(number, 8);
    }
  });

  test("seven pictures of Padilla: the published eleven-point numbers from IoU .3 on", () => {
    for (const iou of [0.3, 0.5, 0.75]) {
      const number = known.voc_padilla7!.eleven_point_published![String(iou)]!;
      expect(mapOf(padilla(), "voc11", iou, true)).toBeCloseTo(number, 8);
    }
  });

  test("COCO fake detections, with crowds and mask areas: twelve numbers to 1e-12", () => {
    const { detections, truths } = cocoFake();
    const result = averagePrecision(detections, truths, { protocol: "coco" });
    expect(truths.flatMap(({ crowd }) => Array.from(crowd!)).filter(Boolean)).toHaveLength(9);
    same(result, known.coco_fakebbox100!, 1e-12);
    expect(result.map).toBe(result.AP);
    expect(
      result.classes.reduce((sum, row) => sum + row.ap, 0) / result.classes.length,
    ).toBeCloseTo(result.AP, 12);
  });

  test("COCO fake detections, crowds dropped and box areas: twelve numbers to 1e-6", () => {
    const { detections, truths } = cocoFake();
    const kept = truths.map(({ boxes, labels, crowd }) => ({
      boxes: boxes.filter((_, i) => !crowd![i]),
      labels: labels.filter((_, i) => !crowd![i]),
    }));
    same(
      averagePrecision(detections, kept, { protocol: "coco" }),
      known.coco_padilla_nocrowd!,
      1e-6,
    );
  });

  function same(result: CocoNumbers, numbers: Record<string, number>, within: number): void {
    for (const key of "AP AP50 AP75 APs APm APl AR1 AR10 AR100 ARs ARm ARl".split(" ")) {
      const difference = Math.abs(result[key as keyof CocoNumbers] - numbers[key]!);
      expect(difference, key).toBeLessThanOrEqual(within);
    }
  }
});
