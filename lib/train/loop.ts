import type { StoredTensors } from "../checkpoint/safetensors.js";
import { openLoader } from "../data/loader.js";
import { epochOrder } from "../data/sampler.js";
import type { Detector } from "../detector.js";
import { cancelled } from "../errors.js";
import { backbonePrefixes } from "../models/build.js";
import { engine } from "../native.js";
import type { NativeSession } from "../native-session.js";
import { autoBatch } from "./auto-batch.js";
import { type Context, resume, start } from "./context.js";
import { endEpoch, evaluateTeacher } from "./epoch.js";
import type { TrainEvent, TrainReport } from "./events.js";
import { finishFolder, openFolder, type RunFolder } from "./folder.js";
import type { ResolvedTrainOptions } from "./options.js";
import { prepareData } from "./prepare.js";
import { type Phase, phases } from "./schedule.js";
import { openSession } from "./session.js";
import { restoreState } from "./state.js";
import { runSteps } from "./steps.js";

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
  if (options.threads !== undefined) engine().setThreads(options.threads);
  engine().setDeterministic(options.deterministic);
  // First of all: what cannot be trained leaves folder and data alone.
  const session = openSession(student, options, []);
  try {
    return await runWith(session, student, options, observe, stop);
  } finally {
    session.dispose();
  }
}

async function runWith(
  session: NativeSession,
  student: Detector,
  options: ResolvedTrainOptions,
  observe: (event: TrainEvent) => void,
  stop: AbortSignal,
): Promise<TrainReport> {
  const { distill, signal } = options;
  const folder =
    options.out === undefined ? undefined : await openFolder(options.out, student, options);
  const emit = (event: TrainEvent) => {
    folder?.log.record(event);
    observe(event);
  };
  const data = await prepareData(student, options, emit);
  const batch = await batchSize(session, student, options, data.train.length, folder);
  const { seed, workers, augment } = options;
  // What the first convolution would round to; a teacher may take the pictures in other units.
  const dtype = options.precision === "bf16" && distill === undefined ? "bfloat16" : "float32";
  const loader = openLoader(data.train, student.preset, {
    ...{ batch, seed, workers, augment, dtype },
    device: student.device,
  });
  // The last, smaller batch is left out: BatchNorm would learn from a picture or two.
  const loaded = Math.floor(data.train.length / batch);
  const stopping = signal === undefined ? stop : AbortSignal.any([stop, signal]);
  const context: Context = {
    student,
    session,
    options,
    emit,
    stop: stopping,
    data,
    loader,
    batchSize: batch,
    loaded,
    batches: Math.ceil(loaded / options.accumulate),
    folder,
    at: start(options, data.train.length, batch),
  };
  try {
    const tensors = options.resume ? await resume(context) : undefined;
    if (distill !== undefined) await evaluateTeacher(context, distill.teacher);
    // However it ends, the run leaves the weights that it measured.
    await runPhases(context, tensors).finally(() => session.showAverage(true));
    const report = await finish(context);
    if (signal?.aborted) {
      const done = `stopped after ${report.epochs} epochs, ${report.steps} steps`;
      throw cancelled(signal.reason, done);
    }
    return report;
  } finally {
    loader.dispose();
    data.train.native.dispose();
    data.val?.native.dispose();
    await folder?.log.flush();
  }
}

/** Pictures a batch: as many as was asked for, as fit, or as a run that goes on had. */
async function batchSize(
  session: NativeSession,
  student: Detector,
  { batch, resume }: ResolvedTrainOptions,
  pictures: number,
  folder: RunFolder | undefined,
): Promise<number> {
  if (batch !== "auto") return Math.min(batch, pictures);
  if (resume) return (await folder!.checkpoints.position()).batchSize;
  return autoBatch(session, student, pictures);
}

async function runPhases(
  context: Context,
  resumed: StoredTensors["tensors"] | undefined,
): Promise<void> {
  const { options, student, session, emit, stop } = context;
  let restore = resumed;
  for (const phase of phases(options.epochs, options.freeze, options.optimizer.lr)) {
    if (context.at.epoch >= phase.to || stop.aborted) continue;
    emit({ kind: "phase", name: phase.name, from: phase.from + 1, to: phase.to, lr: phase.lr });
    session.begin({ freeze: phase.frozen ? backbonePrefixes(student.preset) : [] });
    // At a phase's very beginning there is no state of its own yet.
    const inside = context.at.epoch > phase.from || context.at.batch > 0;
    if (restore !== undefined && inside) restoreState(session, restore, "optimizer.");
    restore = undefined;
    while (context.at.epoch < phase.to && !stop.aborted) {
      const whole = await runEpoch(context, phase);
      if (whole) await endEpoch(context, phase);
      await checkpoint(context, whole);
    }
  }
}

/** An epoch, from where it stands. @returns Whether it was done to its end. */
async function runEpoch(context: Context, phase: Phase): Promise<boolean> {
  const { loader, at, options, batches, data } = context;
  const { items } = data.train.dataset;
  const order = epochOrder(options.sampling, items, options.seed, at.epoch);
  loader.start(at.epoch, order, at.batch * options.accumulate);
  await runSteps(context, phase);
  return at.batch === batches;
}

/** After an epoch under its number; in the middle of one, where a run was stopped, as `last`. */
async function checkpoint(
  { folder, student, session, at, emit }: Context,
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
