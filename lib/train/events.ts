import type { LoadReport } from "../checkpoint/init.js";
import type { Problem } from "../data/dataset.js";
import type { PackEvent } from "../data/pack-events.js";
import type { Evaluation } from "../evaluate/evaluate.js";

/** Terms of a step's loss; `soft` and `l2` are there when a teacher is. */
export interface LossTerms {
  /** The objective that is minimised: conf + loc, or `(1-mu) soft + mu conf + nu l2 + loc`. */
  total: number;
  conf: number;
  loc: number;
  soft?: number;
  l2?: number;
}

/** What a step tells beside its loss. */
export interface StepFacts {
  /** 2-norm of all gradients together, before they were clipped; with `clip`. */
  gradNorm?: number;
  /** What the loss was multiplied with; in fp16. */
  scale?: number;
  /** Its gradients overflowed in fp16: no weight moved, and the next loss is multiplied with half. */
  skipped?: true;
}

/** One optimizer step. */
export interface Step extends StepFacts {
  /** 1-based, over the whole run; steps that were skipped count. */
  step: number;
  /** 1-based. */
  epoch: number;
  /** 1-based within the epoch, of `batches`; with `accumulate` each stands for several. */
  batch: number;
  batches: number;
  loss: LossTerms;
  lr: number;
  /** Milliseconds the step waited for its batch, and computed. */
  dataMs: number;
  stepMs: number;
}

/** The end of an epoch. */
export interface EpochSummary {
  epoch: number;
  epochs: number;
  /** Means over the epoch's steps. */
  loss: LossTerms;
  /** Unweighted sum of the terms over (batches + 1): what the article's log shows. */
  articleTotal: number;
  lr: number;
  /** Validation, in the epochs that have one. */
  val?: { conf: number; loc: number; total: number };
  map?: number;
  best: boolean;
}

/** What a run tells while it goes on, in order. */
export type TrainEvent =
  | { kind: "data"; train: number; val: number; problems: Problem[] }
  | PackEvent
  | { kind: "teacher"; evaluation: Evaluation }
  | { kind: "init"; report: LoadReport }
  | { kind: "phase"; name: "freeze" | "train"; from: number; to: number; lr: number }
  | { kind: "resumed"; epoch: number; batch: number }
  | ({ kind: "step"; to: number; means: LossTerms } & Step)
  | { kind: "validate"; done: number; total: number; epoch: number; to: number; lr: number }
  | ({ kind: "epoch" } & EpochSummary)
  | { kind: "saved"; file: string; epoch: number };

/** What a run ends with. */
export interface TrainReport {
  /** Epochs and steps that were completed. */
  epochs: number;
  steps: number;
  /** False when it was stopped before its last epoch. */
  finished: boolean;
  /** The best validation; epoch 0 and -1 when nothing was validated. */
  best: { epoch: number; map: number };
  /** The teacher on the same pictures. */
  teacher?: { map: number };
  /** Every epoch's summary. */
  history: EpochSummary[];
  /** The last validation of the student, class by class. */
  last?: Evaluation;
  /** File of the best weights, with a run folder. */
  weights?: string;
  /** The HTML report, with a run folder. */
  report?: string;
}
