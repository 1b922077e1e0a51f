import type { StoredTensors } from "../checkpoint/safetensors.js";
import { type OpenPack, openLoader } from "../data/loader.js";
import { shuffled } from "../data/order.js";
import type { Detector } from "../detector.js";
import { SsdError } from "../errors.js";
import { type Evaluation, evaluatePack } from "../evaluate/evaluate.js";
import { backbonePrefixes } from "../models/build.js";
import { engine, type NativeLoader } from "../native.js";
import type { EpochSummary, LossTerms, TrainEvent, TrainReport } from "./events.js";
import { finishFolder, openFolder, type RunFolder } from "./folder.js";
import type { ResolvedTrainOptions } from "./options.js";
import { type Prepared, prepareData } from "./prepare.js";
import { learningRate, type Phase, phases } from "./schedule.js";
import { checkPair, lossTerms, openSession } from "./session.js";
import { noTerms, type Position, restoreOptimizer } from "./state.js";

/** Everything a run's functions share. */
interface Context {
  student: Detector;
  options: ResolvedTrainOptions;
  emit: (event: TrainEvent) => void;
  /** Aborted when the run is to stop at the next step boundary. */
  stop: AbortSignal;
  data: Prepared;
  loader: NativeLoader;
  batches: number;
  folder?: RunFolder;
  at: Position;
  teacher?: Evaluation;
  last?: Evaluation;
}

/**
 * A whole run: data, teacher's evaluation, phases of epochs of steps, validation, checkpoints, report.
 *
 * @param stop Stops at the next step boundary, as does `options.signal`; the second is a failure.
 */
export async function runLoop(
  student: Detector,
  options: ResolvedTrainOptions,
  observe: (event: TrainEvent) => void,
  stop: AbortSignal,
): Promise<TrainReport> {
  // Nothing runs before the caller has the Run in hand.
  await Promise.resolve();
  const { distill, threads, signal } = options;
  if (threads !== undefined) engine().setThreads(threads);
  if (distill !== undefined) checkPair(student, distill.teacher);
  const folder =
    options.out === undefined ? undefined : await openFolder(options.out, student, options);
  const emit = (event: TrainEvent) => {
    folder?.log.record(event);
    observe(event);
  };
  const data = await prepareData(student, options, emit);
  const batch = Math.min(options.batch, data.train.length);
  const { seed, workers, augment } = options;
  const loader = openLoader(data.train, student.preset, { batch, seed, workers, augment });
  const stopping = signal === undefined ? stop : AbortSignal.any([stop, signal]);
  const context: Context = {
    student,
    options,
    emit,
    stop: stopping,
    data,
    loader,
    // The last, smaller batch is left out: BatchNorm would learn from a picture or two.
    batches: Math.floor(data.train.length / batch),
    folder,
    at: start(options, data.train.length),
  };
  try {
    const tensors = options.resume ? await resume(context) : undefined;
    if (distill !== undefined) await evaluateTeacher(context, distill.teacher);
    await runPhases(context, tensors);
    const report = await finish(context);
    if (signal?.aborted) throw cancelled(signal.reason, report);
    return report;
  } finally {
    loader.dispose();
    data.train.native.dispose();
    data.val?.native.dispose();
    await folder?.log.flush();
  }
}

function cancelled(cause: unknown, { epochs, steps }: TrainReport): SsdError {
  if (cause instanceof SsdError) return cause;
  return new SsdError("CANCELLED", `stopped after ${epochs} epochs, ${steps} steps`, { cause });
}

function start({ seed, distill }: ResolvedTrainOptions, pictures: number): Position {
  const sums = noTerms(distill !== undefined);
  const best = { epoch: 0, map: -1 };
  const teacher = distill?.teacher.source?.sha256;
  return { epoch: 0, batch: 0, step: 0, sums, best, history: [], seed, pictures, teacher };
}

async function resume(context: Context): Promise<StoredTensors["tensors"]> {
  const { folder, student, at: fresh, emit } = context;
  const { at, tensors } = await folder!.checkpoints.resume(student);
  for (const key of ["seed", "pictures", "teacher"] as const) {
    if (at[key] === fresh[key]) continue;
    throw new SsdError(
      "BAD_CHECKPOINT",
      `resume: expected the run's ${key} ${at[key]}, got ${fresh[key]}: it would not be the same run`,
    );
  }
  context.at = at;
  emit({ kind: "resumed", epoch: at.epoch + 1, batch: at.batch });
  return tensors;
}

async function evaluateTeacher(context: Context, teacher: Detector): Promise<void> {
  if (context.data.val === undefined) return;
  context.teacher = await validate(context, context.data.val, teacher);
  context.emit({ kind: "teacher", evaluation: context.teacher });
}

async function runPhases(
  context: Context,
  resumed: StoredTensors["tensors"] | undefined,
): Promise<void> {
  const { options, student, emit, stop } = context;
  let restore = resumed;
  for (const phase of phases(options.epochs, options.freeze, options.optimizer.lr)) {
    if (context.at.epoch >= phase.to || stop.aborted) continue;
    emit({ kind: "phase", name: phase.name, from: phase.from + 1, to: phase.to, lr: phase.lr });
    const session = openSession(
      student,
      options,
      phase.frozen ? backbonePrefixes(student.preset) : [],
    );
    try {
      // At a phase's very beginning there is no state of its own yet.
      const inside = context.at.epoch > phase.from || context.at.batch > 0;
      if (restore !== undefined && inside) restoreOptimizer(session, restore);
      restore = undefined;
      while (context.at.epoch < phase.to && !stop.aborted) {
        const whole = await runEpoch(context, phase, session);
        if (whole) await endEpoch(context, phase);
        await checkpoint(context, session, whole);
      }
    } finally {
      session.dispose();
    }
  }
}

/** The steps of an epoch, from where it stands. @returns Whether it was done to its end. */
async function runEpoch(
  context: Context,
  phase: Phase,
  session: ReturnType<typeof openSession>,
): Promise<boolean> {
  const { loader, at, options, batches, emit, stop } = context;
  loader.start(at.epoch, shuffled(at.pictures, options.seed, at.epoch), at.batch);
  while (at.batch < batches && !stop.aborted) {
    const lr = rateOf(context, phase);
    const result = await session.stepFrom(loader, lr);
    const loss = lossTerms(result);
    at.batch += 1;
    at.step += 1;
    at.sums = combine(at.sums, loss, (sum, term) => sum + term);
    emit({
      kind: "step",
      step: at.step,
      epoch: at.epoch + 1,
      to: phase.to,
      batch: at.batch,
      batches,
      loss,
      means: combine(at.sums, at.sums, (sum) => sum / at.batch),
      lr,
      dataMs: result.dataMs,
      stepMs: result.stepMs,
    });
  }
  return at.batch === batches;
}

function rateOf({ at, options, batches }: Context, { from, to, lr }: Phase): number {
  return learningRate(options.schedule, lr, at.epoch - from + at.batch / batches, to - from);
}

async function endEpoch(context: Context, phase: Phase): Promise<void> {
  const { at, options, batches, data, student, emit } = context;
  const loss = combine(at.sums, at.sums, (sum) => sum / batches);
  const { total: _, ...terms } = at.sums;
  const summary: EpochSummary = {
    epoch: at.epoch + 1,
    epochs: phase.to,
    loss,
    articleTotal: Object.values(terms).reduce((sum, term) => sum + term, 0) / (batches + 1),
    lr: rateOf({ ...context, at: { ...at, batch: batches - 1 } }, phase),
    best: false,
  };
  const due = (at.epoch + 1) % options.evalEvery === 0 || at.epoch + 1 === options.epochs;
  if (due && data.val !== undefined) {
    context.last = await validate(context, data.val, student, summary);
    const { map, loss: val } = context.last;
    summary.val = { ...val, total: val.conf + val.loc };
    summary.map = map;
    summary.best = map > at.best.map;
    if (summary.best) at.best = { epoch: at.epoch + 1, map };
  }
  at.history.push(summary);
  at.epoch += 1;
  at.batch = 0;
  at.sums = noTerms(options.distill !== undefined);
  emit({ kind: "epoch", ...summary });
}

async function validate(
  { options, emit }: Context,
  pictures: OpenPack,
  detector: Detector,
  epoch?: EpochSummary,
): Promise<Evaluation> {
  return evaluatePack(detector, pictures, {
    batch: options.batch,
    workers: options.workers,
    protocol: "voc",
    iou: 0.5,
    detect: options.detect,
    onProgress: (done, total) => {
      if (epoch === undefined) return;
      const { epochs: to, lr } = epoch;
      emit({ kind: "validate", done, total, epoch: epoch.epoch, to, lr });
    },
  });
}

/** After an epoch under its number; in the middle of one, where a run was stopped, as `last`. */
async function checkpoint(
  { folder, student, at, emit }: Context,
  session: ReturnType<typeof openSession>,
  whole: boolean,
): Promise<void> {
  if (folder === undefined) return;
  const name = whole ? `epoch-${String(at.epoch).padStart(3, "0")}` : "last";
  const isBest = whole && at.history.at(-1)?.best === true;
  const file = await folder.checkpoints.save(name, student, session, at, isBest);
  await folder.log.flush();
  emit({ kind: "saved", file, epoch: at.epoch });
}

async function finish(context: Context): Promise<TrainReport> {
  const { at, options, teacher, last, folder } = context;
  const report: TrainReport = {
    epochs: at.epoch,
    steps: at.step,
    finished: at.epoch === options.epochs,
    best: at.best,
    teacher: teacher && { map: teacher.map },
    history: at.history,
    last,
  };
  if (folder === undefined) return report;
  return { ...report, ...(await finishFolder(folder, { ...context, report })) };
}

function combine(a: LossTerms, b: LossTerms, f: (a: number, b: number) => number): LossTerms {
  const keys = Object.keys(a) as (keyof LossTerms)[];
  return Object.fromEntries(keys.map((key) => [key, f(a[key]!, b[key]!)])) as unknown as LossTerms;
}
