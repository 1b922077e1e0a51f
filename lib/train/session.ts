import type { Detector } from "../detector.js";
import { SsdError } from "../errors.js";
import { engine } from "../native.js";
import type { InputScale, NativeSession, StepNumbers, StepResult } from "../native-session.js";
import { lossOptions, resolveLoss } from "../options.js";
import type { Preset } from "../presets.js";
import type { LossTerms, StepFacts } from "./events.js";
import type { ResolvedTrainOptions } from "./options.js";

/** The options that a step depends on. */
export type StepOptions = Pick<
  ResolvedTrainOptions,
  "optimizer" | "precision" | "loss" | "distill" | "ema" | "clip" | "graph"
>;

/**
 * The engine's session for a student and, when it is distilled, its teacher.
 *
 * @param freeze Name prefixes of tensors that stay as they are.
 * @throws SsdError BAD_OPTION when teacher and student disagree in classes, priors or input, or when
 *   something else trains the student, and for a graph where there is no GPU.
 */
export function openSession(
  student: Detector,
  { optimizer, precision, loss, distill, ema, clip, graph }: StepOptions,
  freeze: string[],
): NativeSession {
  const { teacher, ...kd } = distill ?? {};
  if (teacher !== undefined) checkPair(student, teacher);
  const { lr: _, ...rule } = optimizer;
  const resolved = resolveLoss(lossOptions.parse({ ...loss, ...kd }), student.preset.variances);
  return new (engine().Session)(student.native, teacher?.native ?? null, student.priors.native, {
    optimizer: rule,
    precision,
    loss: resolved,
    freeze,
    teacherInput: teacher === undefined ? null : renormalisation(student.preset, teacher.preset),
    ema: ema ?? null,
    clip: clip ?? null,
    graph: graph ?? null,
  });
}

/** Does something while the student holds its averaged weights, where they are averaged. */
export async function withAverage<T>(session: NativeSession, work: () => Promise<T>): Promise<T> {
  session.showAverage(true);
  try {
    return await work();
  } finally {
    session.showAverage(false);
  }
}

/** A step's numbers under their names. */
export function stepResult(numbers: StepNumbers): StepResult {
  return {
    total: numbers[0],
    conf: numbers[1],
    loc: numbers[2],
    soft: numbers[3],
    l2: numbers[4],
    numPositives: numbers[5],
    unmatched: numbers[6],
    gradNorm: numbers[7],
    scale: numbers[8],
    skipped: numbers[9] === 1,
    dataMs: numbers[10],
    stepMs: numbers[11],
  };
}

/** The terms of a step as the log knows them. */
export function lossTerms({ total, conf, loc, soft, l2 }: StepResult): LossTerms {
  return soft === null || l2 === null ? { total, conf, loc } : { total, conf, loc, soft, l2 };
}

/** What else a step tells, as far as its options ask for it. */
export function stepFacts({ gradNorm, scale, skipped }: StepResult): StepFacts {
  const facts: StepFacts = {};
  if (gradNorm !== null) facts.gradNorm = gradNorm;
  if (scale !== null) facts.scale = scale;
  if (skipped) facts.skipped = true;
  return facts;
}

/**
 * Teacher and student must agree in whatever the distillation loss compares row by row.
 *
 * @throws SsdError BAD_OPTION naming both values.
 */
export function checkPair(student: Detector, teacher: Detector): void {
  const pair = (what: string, ours: unknown, theirs: unknown) => {
    if (JSON.stringify(ours) === JSON.stringify(theirs)) return;
    throw new SsdError(
      "BAD_OPTION",
      `distill: expected a teacher with the student's ${what} ${JSON.stringify(ours)}, got ${JSON.stringify(theirs)} (student ${student.preset.name}, teacher ${teacher.preset.name})`,
    );
  };
  if (student === teacher) {
    throw new SsdError(
      "BAD_OPTION",
      "distill: expected a teacher beside the student, got the student itself",
    );
  }
  pair("classes", student.classes, teacher.classes);
  pair("input size", student.preset.size, teacher.preset.size);
  pair("number of priors", student.priors.shape[0], teacher.priors.shape[0]);
  for (const key of [
    "maps",
    "sizes",
    "ratios",
    "steps",
    "stepConvention",
    "clip",
    "variances",
  ] as const) {
    pair(`priors' ${key}`, student.preset[key], teacher.preset[key]);
  }
}

/**
 * What turns the student's normalised picture into the teacher's, channel by channel: both see the
 * same pixels, but VGG takes Caffe's normalisation and MobileNet ImageNet's. Null when they agree.
 */
export function renormalisation(student: Preset, teacher: Preset): InputScale | null {
  const same = `${student.mean},${student.std}` === `${teacher.mean},${teacher.std}`;
  if (same) return null;
  return {
    scale: student.std.map((std, c) => std / teacher.std[c]!),
    shift: student.mean.map((mean, c) => (mean - teacher.mean[c]!) / teacher.std[c]!),
  };
}
