/** A model of the comparison, a column of its tables. The first is what the others are measured by. */
export interface ReportModel {
  /** For example `teacher`, `student`, `student + KD`. */
  name: string;
  /** Name of its preset. */
  preset?: string;
  /** Number of parameters. */
  parameters?: number;
  /** Size of its weights in megabytes (10⁶ bytes). */
  sizeMb?: number;
  /** Mean average precision, 0 to 1. */
  map?: number;
  /** Average precision class by class, 0 to 1. */
  classes?: { name: string; ap: number; truths?: number }[];
  /** Milliseconds a picture. */
  msPerPicture?: number;
}

/** What an epoch of a run came to; what was not measured is left out. */
export interface ReportEpoch {
  epoch: number;
  /** Terms of the training loss, by name. */
  loss?: Record<string, number | undefined>;
  /** Validation loss. */
  val?: number;
  /** Validation mAP, 0 to 1. */
  map?: number;
  /** Learning rate. */
  lr?: number;
}

/** The course of one training run. */
export interface ReportCurve {
  /** Name of the run; a model of this name has the same colour. */
  name: string;
  epochs: ReportEpoch[];
}

/** What the report of a run shows. Whatever is missing is left out, or a dash in the tables. */
export interface ReportData {
  title: string;
  subtitle?: string;
  /** In order: teacher, student, distilled student. */
  models: ReportModel[];
  curves?: ReportCurve[];
  /** Drawn pictures (PNG or JPEG bytes). */
  pictures?: { caption: string; image: Uint8Array }[];
  /** The resolved options, anything that JSON can hold. */
  options?: unknown;
  /** Names and versions of what made the run. */
  versions?: Record<string, string>;
}
