import { z } from "zod";
import { cacheShape, checkCache } from "../data/cache-options.js";
import type { DataSource } from "../data/dataset.js";
import { type OpenPictures, openLoader, openPictures } from "../data/loader.js";
import { shuffled } from "../data/order.js";
import type { PackEvent } from "../data/pack-events.js";
import { pictureOptions } from "../data/picture-options.js";
import { type Detector, toPixels } from "../detector.js";
import { cancelled } from "../errors.js";
import { engine } from "../native.js";
import {
  detectOptions,
  lossOptions,
  parseOptions,
  resolveDetect,
  resolveLoss,
} from "../options.js";
import { averagePrecision, checkProtocol, protocolOptions } from "./average-precision.js";
import { boxArea } from "./iou.js";
import type { CocoNumbers, ImageDetections, ImageTruths } from "./types.js";

/** Quality of a detector on a data set; the twelve numbers are there with the protocol `coco`. */
export interface Evaluation extends Partial<CocoNumbers> {
  /**
   * Mean average precision by the protocol that was asked for: VOC's at IoU 0.5 (every-point by
   * default), or COCO's `AP`. Truths that are difficult or crowds need not be found.
   */
  map: number;
  classes: { name: string; ap: number; truths: number }[];
  /** Mean of the batches' losses. */
  loss: { conf: number; loc: number };
  /** What was found, picture by picture, boxes in pixels. */
  detections: ImageDetections[];
  /** Milliseconds a picture, network and decoding of its outputs. */
  msPerPicture: number;
}

const evaluateOptions = protocolOptions.extend({
  batch: z.int().positive().default(16).describe("pictures at once"),
  workers: z.int().positive().default(1).describe("native threads that make batches"),
  detect: detectOptions.prefault({}),
  picture: pictureOptions.prefault({}),
  limit: z.int().positive().optional().describe("take only the first pictures"),
  signal: z.instanceof(AbortSignal).optional(),
  onProgress: z.custom<(done: number, total: number) => void>().optional(),
  ...cacheShape,
  onEvent: z.custom<(event: PackEvent) => void>().optional(),
});

/** Options of {@link evaluate}; every field optional. */
export type EvaluateOptions = z.input<typeof evaluateOptions>;

/**
 * Evaluates a detector on a data set: average precision, per class and in the mean, and the losses.
 *
 * With `protocol: "coco"` the twelve numbers of {@link averagePrecision} stand beside `map`, which is
 * their `AP`; `crowd` and `area` of the data's truths count.
 *
 * @throws SsdError BAD_OPTION, also for `iou` with `coco`; BAD_DATA when the data cannot be read or
 *   holds a class the detector lacks, CANCELLED
 */
export function evaluate(
  detector: Detector,
  data: DataSource,
  options: EvaluateOptions & { protocol: "coco" },
): Promise<Evaluation & CocoNumbers>;
export function evaluate(
  detector: Detector,
  data: DataSource,
  options?: EvaluateOptions,
): Promise<Evaluation>;
export async function evaluate(
  detector: Detector,
  data: DataSource,
  options?: EvaluateOptions,
): Promise<Evaluation> {
  const resolved = parseOptions(evaluateOptions, options, "evaluate options");
  checkProtocol(resolved, "evaluate options");
  const { cache, maxSide, onEvent, signal, limit } = resolved;
  const { classes, device } = detector;
  checkCache(cache, device);
  const dataset = await data.read({ classes, limit, picture: resolved.picture });
  const opened = await openPictures(dataset, { cache, maxSide, device, onEvent, signal });
  try {
    return await evaluatePictures(detector, opened, resolved);
  } finally {
    opened.native.dispose();
  }
}

/** What {@link evaluatePictures} needs: {@link EvaluateOptions} with their defaults, less what decoding takes. */
export type ResolvedEvaluateOptions = Omit<
  z.output<typeof evaluateOptions>,
  "picture" | keyof typeof cacheShape
>;

/** As {@link evaluate}, on decoded pictures. */
export async function evaluatePictures(
  detector: Detector,
  opened: OpenPictures,
  options: ResolvedEvaluateOptions,
): Promise<Evaluation> {
  const { batch, workers, protocol, iou, signal, onProgress } = options;
  const detect = resolveDetect(options.detect, detector.preset.coderClip);
  const { fit } = options.detect;
  const loader = openLoader(opened, detector.preset, {
    batch,
    workers,
    seed: 0,
    augment: null,
    fit,
  });
  const loss = resolveLoss(lossOptions.parse({}), detector.preset.variances);
  const { items } = opened.dataset;
  const sums = { conf: 0, loc: 0 };
  const detections: ImageDetections[] = [];
  const batches = Math.ceil(items.length / batch);
  const start = performance.now();
  try {
    loader.start(0, inOrder(items.length), 0);
    for (let i = 0; i < batches; i++) {
      if (signal?.aborted) {
        throw cancelled(signal.reason, `evaluation stopped after ${i} of ${batches} batches`);
      }
      const priors = detector.priors.native;
      const result = await engine().evaluateFrom(detector.native, loader, priors, loss, detect);
      sums.conf += result.conf / batches;
      sums.loc += result.loc / batches;
      for (const found of result.detections) {
        const item = items[detections.length]!;
        const boxes = [...found.labels].map((_, k) => toPixels(found.boxes, k, item));
        detections.push({ boxes, labels: found.labels, scores: found.scores });
      }
      onProgress?.(i + 1, batches);
    }
  } finally {
    loader.dispose();
  }
  const msPerPicture = (performance.now() - start) / items.length;
  const scored = averagePrecision(detections, truthsOf(opened), { protocol, iou });
  const { classes: rows, ...numbers } = scored;
  const classes = detector.classes.map((name, label) => {
    const found = rows.find((entry) => entry.label === label);
    return { name, ap: found?.ap ?? Number.NaN, truths: found?.truths ?? 0 };
  });
  return { ...numbers, classes, loss: sums, detections, msPerPicture };
}

function inOrder(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

/** All truths, the difficult ones and the crowds marked, in the form of {@link averagePrecision}. */
export function truthsOf({ dataset }: OpenPictures): ImageTruths[] {
  return dataset.items.map(({ truths }) => ({
    boxes: truths.map(({ box }) => box),
    labels: truths.map(({ label }) => label),
    difficult: truths.map(({ difficult }) => difficult),
    crowd: truths.map(({ crowd }) => crowd ?? false),
    area: truths.map(({ area, box }) => area ?? boxArea(box, 0, 0)),
  }));
}

/** A few pictures of a data set, the same for every model of a comparison. */
export function samplePictures(count: number, of: number): number[] {
  return [...shuffled(of, 1, 0).subarray(0, count)].sort((a, b) => a - b);
}
