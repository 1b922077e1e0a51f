/**
 * Boxes of one image in pixels, corners `[x1, y1, x2, y2]`: a row per box, or a flat typed array with
 * four numbers per box.
 */
export type Boxes = readonly (readonly number[])[] | Float32Array | Float64Array;

/** What a detector found in one image: N boxes, labels and scores. */
export interface ImageDetections {
  /** `[N, 4]` corners in pixels. */
  boxes: Boxes;
  /** `[N]` 0-based class indices. */
  labels: ArrayLike<number>;
  /** `[N]` confidences; only their order matters. */
  scores: ArrayLike<number>;
}

/** What is in one image: G boxes and labels, and what the protocols need to know about each. */
export interface ImageTruths {
  /** `[G, 4]` corners in pixels. */
  boxes: Boxes;
  /** `[G]` 0-based class indices. */
  labels: ArrayLike<number>;
  /** `[G]` objects that need not be found: neither counted, nor an error when found. Default: none. */
  difficult?: ArrayLike<boolean | number>;
  /** `[G]` regions of many objects (COCO `iscrowd`): swallow any number of detections. Default: none. */
  crowd?: ArrayLike<boolean | number>;
  /** `[G]` areas in square pixels for COCO's size ranges (its `area`, of the mask). Default: of the box. */
  area?: ArrayLike<number>;
}

/** Average precision of one class. */
export interface ClassPrecision {
  /** 0-based class index. */
  label: number;
  /** 0 to 1; for a class without truths NaN with `voc` and `voc11`, -1 with `coco`. */
  ap: number;
  /** Truths that count: neither difficult nor crowd. */
  truths: number;
  /** `voc` and `voc11`: precision after each counted detection, by falling score. */
  precision?: number[];
  /** `voc` and `voc11`: recall after each counted detection, by falling score. */
  recall?: number[];
}

/** Result of the VOC protocols. */
export interface VocPrecision {
  /** Mean of `ap` over the classes that have truths; NaN (`coco`: -1) when none has. */
  map: number;
  /** By rising label. */
  classes: ClassPrecision[];
}

/** The twelve numbers of the COCO protocol, 0 to 1, or -1 where there is nothing to find. */
export interface CocoNumbers {
  /** Mean over IoU .50 to .95 by .05, all sizes, 100 detections an image. */
  AP: number;
  /** At IoU .50. */
  AP50: number;
  /** At IoU .75. */
  AP75: number;
  /** Small objects: area up to 32². */
  APs: number;
  /** Medium objects: area 32² to 96². */
  APm: number;
  /** Large objects: area from 96². */
  APl: number;
  /** Recall with one detection an image and class. */
  AR1: number;
  /** Recall with ten. */
  AR10: number;
  /** Recall with a hundred. */
  AR100: number;
  /** Recall of small objects. */
  ARs: number;
  /** Recall of medium objects. */
  ARm: number;
  /** Recall of large objects. */
  ARl: number;
}

/** Result of the COCO protocol: `map` is `AP`. */
export type CocoPrecision = VocPrecision & CocoNumbers;

/** Result of either protocol; the twelve numbers are there with `coco`. */
export type AveragePrecision = VocPrecision & Partial<CocoNumbers>;
