import { z } from "zod";
import { SsdError } from "../errors.js";
import { parseOptions } from "../options.js";
import { cocoClass, cocoNumbers, meanOrUndefined } from "./coco.js";
import { byClass, type ClassImage, checkImages } from "./input.js";
import type {
  AveragePrecision,
  ClassPrecision,
  CocoPrecision,
  ImageDetections,
  ImageTruths,
  VocPrecision,
} from "./types.js";
import { vocClass } from "./voc.js";

/** What every evaluation may choose. */
export const protocolOptions = z.strictObject({
  protocol: z.enum(["voc", "voc11", "coco"]).default("voc").meta({
    flag: "metric",
    description:
      "voc: area under the curve (2010 on); voc11: eleven points (2007); coco: pycocotools",
  }),
  iou: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe("voc and voc11: IoU from which a detection may be a hit, 0.5 by default"),
});

/**
 * The twelve numbers are of one set of rules.
 *
 * @throws SsdError BAD_OPTION naming an option that `coco` fixes
 */
export function checkProtocol(
  { protocol, iou, plusOne }: { protocol: string; iou?: number; plusOne?: boolean },
  what: string,
): void {
  if (protocol !== "coco" || (iou === undefined && !plusOne)) return;
  const name = plusOne ? "plusOne" : "iou";
  throw new SsdError(
    "BAD_OPTION",
    `${what}: expected no "${name}" with protocol "coco", which fixes it`,
  );
}

/** Options of {@link averagePrecision}. */
export const precisionOptions = protocolOptions.extend({
  plusOne: z
    .boolean()
    .default(false)
    .describe("voc and voc11: corners are the outermost pixels, so that a box is x2 - x1 + 1 wide"),
  labels: z
    .array(z.int().min(0))
    .optional()
    .describe(
      "classes to look at and to list, also without truths; by default those that have truths",
    ),
});

/** Input form of {@link precisionOptions}. */
export type PrecisionOptions = z.input<typeof precisionOptions>;

/**
 * Average precision of detections against truths, per class and in the mean.
 *
 * - `voc`: area under the interpolated precision/recall curve (PASCAL VOC 2010 and later).
 * - `voc11`: mean interpolated precision at recall 0, .1, … 1 (VOC 2007; Everingham et al., IJCV 2010).
 * - `coco`: the twelve numbers of pycocotools' COCOeval for boxes; `map` is its `AP`.
 *
 * Both VOC protocols take a detection as a hit from IoU `iou` (0.5; equality counts) with the truth it
 * overlaps most, once per truth, by falling score; equal scores are taken in the order of the lists.
 * Difficult and crowd truths are neither counted nor an error when found. With `coco` a difficult truth
 * is ignored too, but like an object of another size, not like a crowd.
 *
 * `plusOne` is the devkit's own area (corners are pixels); leave it off for corners between pixels.
 *
 * @param detections One entry per image.
 * @param truths One entry per image, in the same order.
 * @throws SsdError BAD_DATA naming the image's index when boxes, labels or scores do not fit together
 * @throws SsdError BAD_OPTION for an unknown option, or `iou` or `plusOne` with `coco`, which fixes both
 */
export function averagePrecision(
  detections: readonly ImageDetections[],
  truths: readonly ImageTruths[],
  options: PrecisionOptions & { protocol: "coco" },
): CocoPrecision;
export function averagePrecision(
  detections: readonly ImageDetections[],
  truths: readonly ImageTruths[],
  options?: PrecisionOptions & { protocol?: "voc" | "voc11" },
): VocPrecision;
export function averagePrecision(
  detections: readonly ImageDetections[],
  truths: readonly ImageTruths[],
  options?: PrecisionOptions,
): AveragePrecision;
export function averagePrecision(
  detections: readonly ImageDetections[],
  truths: readonly ImageTruths[],
  options: PrecisionOptions = {},
): AveragePrecision {
  const what = "averagePrecision options";
  const resolved = parseOptions(precisionOptions, options, what);
  checkProtocol(resolved, what);
  const { protocol, iou, plusOne, labels } = resolved;
  const classes = wanted(byClass(checkImages(detections, truths)), labels);
  const result =
    protocol === "coco" ? coco(classes) : voc(classes, protocol === "voc11", iou ?? 0.5, plusOne);
  // A class that was only detected is no row, unless it was asked for: it has no precision.
  const rows = labels === undefined ? result.classes.filter(hasTruths) : result.classes;
  return { ...result, classes: rows };
}

type Classes = readonly (readonly [label: number, images: ClassImage[]])[];

function voc(classes: Classes, eleven: boolean, iou: number, plusOne: boolean): VocPrecision {
  const rules = { iou, extra: plusOne ? 1 : 0, eleven } as const;
  const rows = classes.map(([label, images]) => vocClass(label, images, rules));
  const known = rows.filter(hasTruths);
  return { map: known.reduce((sum, row) => sum + row.ap, 0) / known.length, classes: rows };
}

function coco(classes: Classes): CocoPrecision {
  const judged = classes.map(([label, images]) => cocoClass(label, images));
  const numbers = cocoNumbers(judged);
  const rows = judged.map(({ label, ranges: { all } }) => ({
    label,
    ap: meanOrUndefined(all.ap),
    truths: all.truths,
  }));
  return { map: numbers.AP, classes: rows, ...numbers };
}

const hasTruths = ({ truths }: ClassPrecision): boolean => truths > 0;

/** The classes by rising label: those asked for, or all. */
function wanted(
  all: ReadonlyMap<number, ClassImage[]>,
  labels: readonly number[] | undefined,
): Classes {
  const list = [...new Set(labels ?? all.keys())].sort((a, b) => a - b);
  return list.map((label) => [label, all.get(label) ?? []] as const);
}
