import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { XMLParser } from "fast-xml-parser";
import type { ImageDetections, ImageTruths } from "../../../lib/evaluate/types.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Folder of the real data sets. */
export const dataFolder = process.env.SSD_DISTILL_DATA ?? join(root, "..", "shared", "data");

/** Whether the data is here; the cases that need it are skipped with this title when it is not. */
export const hasData = existsSync(join(dataFolder, "expected_eval.json"));
export const needsData = hasData ? "" : " (skipped: no data, set SSD_DISTILL_DATA)";

/** One list per image, each with plain arrays that a test may change. */
export interface Case {
  detections: (ImageDetections & { boxes: number[][]; labels: number[]; scores: number[] })[];
  truths: (ImageTruths & { boxes: number[][]; labels: number[] })[];
}

type Row = Record<string, unknown>;

const read = (...path: string[]): string => readFileSync(join(dataFolder, ...path), "utf8");
const lines = (text: string): string[][] =>
  text.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim().split(/\s+/)]));

/** The published numbers, by case. */
export function expected(): Record<string, Record<string, Record<string, number> & number>> {
  return JSON.parse(read("expected_eval.json"));
}

/** Pascal VOC XML files and text files of detections with the same names. */
export function vocCase(gt: string[], dt: string[], form: "xyxy" | "xywh", names: string[]): Case {
  const result: Case = { detections: [], truths: [] };
  for (const file of readdirSync(join(dataFolder, ...gt)).sort()) {
    if (!file.endsWith(".xml")) continue;
    const objects = parseObjects(read(...gt, file));
    result.truths.push({
      boxes: objects.map((o) => corners(o.bndbox as Row)),
      labels: objects.map((o) => names.indexOf(String(o.name))),
      difficult: objects.map((o) => Number(o.difficult ?? 0)),
    });
    const path = join(dataFolder, ...dt, `${basename(file, ".xml")}.txt`);
    const found = existsSync(path) ? lines(readFileSync(path, "utf8")) : [];
    result.detections.push(detectionsOf(found, form, names));
  }
  return result;
}

function parseObjects(xml: string): Row[] {
  const object = (new XMLParser().parse(xml) as { annotation: Row }).annotation.object ?? [];
  return (Array.isArray(object) ? object : [object]) as Row[];
}

const corners = (box: Row): number[] =>
  ["xmin", "ymin", "xmax", "ymax"].map((key) => Number(box[key]));

function detectionsOf(
  rows: string[][],
  form: "xyxy" | "xywh",
  names: string[],
): Case["detections"][0] {
  return {
    boxes: rows.map((row) => toCorners(row.slice(2).map(Number), form)),
    labels: rows.map(([name]) => (/^\d+$/.test(name!) ? Number(name) : names.indexOf(name!))),
    scores: rows.map((row) => Number(row[1])),
  };
}

function toCorners(box: number[], form: "xyxy" | "xywh"): number[] {
  const [x, y, a, b] = box as [number, number, number, number];
  return form === "xyxy" ? [x, y, a, b] : [x, y, x + a, y + b];
}

export const vocSample = (): Case => {
  const at = ["voc2012_sample100", "data", "database"];
  const names = read(...at, "voc.names")
    .trim()
    .split(/\s+/);
  return vocCase([...at, "gts", "pascalvoc_format"], [...at, "dets", "abs_xyx2y2"], "xyxy", names);
};

export const toyCats = (): Case => {
  const at = ["voc2012_sample100", "toyexample"];
  const truths = [...at, "gts_vocpascal_format"];
  return vocCase(truths, [...at, "dets_classname_abs_xywh"], "xywh", ["cat"]);
};

/**
 * Seven pictures of one class, text files with x, y, width, height. The reference turns these into pixel
 * corners x, x + width and adds one pixel when it compares.
 */
export function padilla(): Case {
  const result: Case = { detections: [], truths: [] };
  for (const file of readdirSync(join(dataFolder, "eval_padilla", "groundtruths")).sort()) {
    const real = lines(read("eval_padilla", "groundtruths", file));
    const found = lines(read("eval_padilla", "detections", file));
    result.truths.push({
      boxes: real.map((row) => toCorners(row.slice(1).map(Number), "xywh")),
      labels: real.map(() => 0),
    });
    result.detections.push(detectionsOf(found, "xywh", ["person"]));
  }
  return result;
}

/** An object in COCO's form: an annotation, or with a score a detection. */
export interface CocoObject {
  image_id: number;
  category_id: number;
  /** x, y, width, height. */
  bbox: number[];
  iscrowd?: number;
  area?: number;
  score?: number;
}

/** What a file of annotations and one of detections hold. */
export interface CocoFiles {
  images: { id: number }[];
  categories: { id: number }[];
  annotations: CocoObject[];
  detections: CocoObject[];
}

/** A hundred pictures of COCO and fake detections. */
export function cocoFiles(): CocoFiles {
  const { gt, dt } = expected().coco_fakebbox100 as unknown as { gt: string; dt: string };
  const { images, categories, annotations } = JSON.parse(read(...gt.split("/"))) as CocoFiles;
  return { images, categories, annotations, detections: JSON.parse(read(...dt.split("/"))) };
}

export const cocoFake = (): Case => cocoCase(cocoFiles());

/** The same in the order of the picture ids, where pycocotools has them. */
export function cocoCase({ images, annotations, detections: found }: CocoFiles): Case {
  const ids = images.map(({ id }) => id).sort((a, b) => a - b);
  const of = (rows: CocoObject[], id: number) => rows.filter((row) => row.image_id === id);
  const shape = (rows: CocoObject[]) => ({
    boxes: rows.map((row) => toCorners(row.bbox, "xywh")),
    labels: rows.map((row) => row.category_id),
  });
  return {
    detections: ids.map((id) => {
      const rows = of(found, id);
      return { ...shape(rows), scores: rows.map((row) => row.score!) };
    }),
    truths: ids.map((id) => {
      const rows = of(annotations, id);
      return {
        ...shape(rows),
        crowd: rows.map((row) => row.iscrowd!),
        area: rows.map((row) => row.area!),
      };
    }),
  };
}
