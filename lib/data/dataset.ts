import type { PictureOptions, ResolvedPictureOptions } from "./picture-options.js";

/** Corners `[x1, y1, x2, y2]` in pixels, 0-based: x to the right, y down. */
export type Box = [x1: number, y1: number, x2: number, y2: number];

/** One labelled object of a picture. */
export interface Truth {
  /** 0-based index into `Dataset.classes`. */
  label: number;
  /** Pixels of the picture, 0-based. */
  box: Box;
  /** Kept for evaluation (where it is ignored), left out of training. */
  difficult: boolean;
  /**
   * A region of many objects (COCO's `iscrowd`): kept for evaluation, where it swallows detections, and
   * left out of training. False by default.
   */
  crowd?: boolean;
  /** Square pixels of the picture for COCO's size ranges, as of the mask. By default the box's. */
  area?: number;
}

/** One picture and what is in it. */
export interface Item {
  /** Name of the picture without folder and extension. */
  id: string;
  /** Path of the picture file. */
  image: string;
  /** Path of the picture's own annotation file, when it has one (COCO's is of all pictures). */
  annotation?: string;
  /** Width in pixels as the annotation tells it, else as the picture's header does. */
  width: number;
  /** Height in pixels, likewise. */
  height: number;
  truths: Truth[];
}

/** Something wrong in a data set, named by file and object. */
export interface Problem {
  /** Machine-readable kind, for example `zero-area`. */
  kind: ProblemKind;
  /** The file it is in. */
  file: string;
  /** 0-based index of the object in that file. */
  object?: number;
  /** A sentence. */
  message: string;
}

export type ProblemKind =
  | "missing-picture"
  | "missing-annotation"
  | "unreadable-picture"
  | "broken-annotation"
  | "outside-folder"
  | "unknown-image"
  | "unknown-class"
  | "zero-area"
  | "not-finite"
  | "outside"
  | "duplicate"
  | "size-mismatch"
  | "extreme";

/**
 * A data set that was read: class names, items, and what was wrong with it.
 *
 * Degenerate boxes are not among the truths: they are dropped by the reader and stand in `problems`.
 */
export interface Dataset {
  /** The specification it came from, for messages (`voc:DIR:SET`). */
  spec: string;
  classes: string[];
  items: Item[];
  problems: Problem[];
  /** How its pictures are to be decoded; by default upright, up to 100 000 000 pixels. */
  picture?: ResolvedPictureOptions;
}

/** How to read a data set. */
export interface ReadOptions {
  /** The class list to hold the data to, in order. By default the names found, sorted. */
  classes?: readonly string[];
  /** Take only the first so many pictures. */
  limit?: number;
  /**
   * What to do with a file that cannot be used (picture missing, XML broken, class unknown):
   * `"throw"` (default) throws BAD_DATA at the first, `"collect"` leaves the item out and lists it
   * in `problems`.
   */
  onProblem?: "throw" | "collect";
  /** How pictures are decoded; their sizes, and so the boxes, follow it. */
  picture?: PictureOptions;
}

/** Where data comes from: what `voc()`, `coco()`, `yolo()` and `synthetic()` return and what `train` and `evaluate` take. */
export interface DataSource {
  /** Specification in the command line's form, for example `voc:VOC2007:trainval`. */
  readonly spec: string;
  /** Reads and checks the annotations; pictures are decoded later. @throws SsdError BAD_DATA */
  read(options?: ReadOptions): Promise<Dataset>;
}
