import type { NativeTarget, NativeTensor } from "./native-engine.js";
import type { NativeLoader } from "./native-loader.js";
import type { ResolvedLossOptions } from "./options.js";

// The types of the engine's training session (native/bindings/session.cpp).

export interface OptimizerSpec {
  name: "sgd" | "adam" | "adamw";
  momentum: number;
  nesterov: boolean;
  betas: [number, number];
  eps: number;
  weightDecay: number;
}

/** Factors and summands of the three channels. */
export interface InputScale {
  scale: number[];
  shift: number[];
}

export interface SessionSpec {
  optimizer: OptimizerSpec;
  loss: ResolvedLossOptions;
  precision: "fp32" | "bf16" | "fp16";
  /** Name prefixes of tensors that do not train; BatchNorm under them keeps its statistics. */
  freeze: string[];
  /** Turns the student's normalised pictures into the teacher's; null when they are the same. */
  teacherInput: InputScale | null;
  /** How the weights are averaged; null keeps no average. */
  ema: { decay: number; warmup: number } | null;
  /** Largest norm of all gradients together; null leaves them. */
  clip: number | null;
  /** Records a step as one CUDA graph with room for so many objects a picture; null does not. */
  graph: { maxBoxes: number } | null;
}

/** Pictures and their truths. */
export interface NativeBatch {
  images: NativeTensor;
  targets: NativeTarget[];
}

export interface StepResult {
  /** The objective that was minimised. */
  total: number;
  conf: number;
  loc: number;
  /** Null without a teacher. */
  soft: number | null;
  l2: number | null;
  numPositives: number;
  /** Truths that no prior was left for. */
  unmatched: number;
  /** Of all gradients together, before they are clipped; null unless they are. */
  gradNorm: number | null;
  /** What the loss was multiplied with; null but in fp16. */
  scale: number | null;
  /** A gradient was not finite in fp16: no weight moved. */
  skipped: boolean;
  dataMs: number;
  stepMs: number;
}

/** The numbers of a {@link StepResult} as they come from the engine, by place. */
export type StepNumbers = [
  total: number,
  conf: number,
  loc: number,
  soft: number | null,
  l2: number | null,
  numPositives: number,
  unmatched: number,
  gradNorm: number | null,
  scale: number | null,
  skipped: 0 | 1,
  dataMs: number,
  stepMs: number,
];

export interface NativeSession {
  /**
   * One step on the loader's next batches, whose gradients are averaged. A step that is asked for
   * before the last is over keeps the engine busy; if the last fails it is CANCELLED.
   */
  stepFrom(loader: NativeLoader, batches: number, lr: number): Promise<StepNumbers>;
  /** One step on batches given by hand: images [B,3,S,S], normalised. */
  step(batches: NativeBatch[], lr: number): Promise<StepNumbers>;
  /**
   * All of a step but the update, on made-up pictures of `side`; leaves everything as it was.
   * OUT_OF_MEMORY when a step of so many pictures has not the memory it needs.
   */
  probe(pictures: number, side: number): Promise<void>;
  /** A new phase: the optimizer starts anew, the average of the weights goes on. */
  begin(phase: { freeze: string[] }): void;
  /**
   * Puts the averaged weights into the student, or its own back, which steps need; without an average
   * nothing happens.
   */
  showAverage(averaged: boolean): void;
  /**
   * What a run needs to go on, as far as its names start with `prefix`: `optimizer.<slot>.<parameter>`,
   * `ema.<parameter>`, `ema.steps`, `scaler.scale`, `scaler.good_steps`.
   */
  state(prefix: string): Record<string, NativeTensor>;
  loadState(name: string, bytes: ArrayBufferView): void;
  dispose(): void;
}
