import type { OpenPictures } from "../data/loader.js";
import type { Detector } from "../detector.js";
import { type Evaluation, evaluatePictures } from "../evaluate/evaluate.js";
import type { Context } from "./context.js";
import type { EpochSummary, LossTerms } from "./events.js";
import { learningRate, type Phase } from "./schedule.js";
import { withAverage } from "./session.js";
import { noTerms, type Position } from "./state.js";

/** Evaluates the teacher on the validation pictures, before the first step. */
export async function evaluateTeacher(context: Context, teacher: Detector): Promise<void> {
  if (context.data.val === undefined) return;
  context.teacher = await validate(context, context.data.val, teacher);
  context.emit({ kind: "teacher", evaluation: context.teacher });
}

/** Closes an epoch: its means, the validation when one is due, the position moved to the next. */
export async function endEpoch(context: Context, phase: Phase): Promise<void> {
  const { at, options, batches, data, student, session, emit } = context;
  const loss = meanTerms(at);
  const { total: _, ...terms } = at.sums;
  const summary: EpochSummary = {
    epoch: at.epoch + 1,
    epochs: phase.to,
    loss,
    articleTotal: Object.values(terms).reduce((sum, term) => sum + term, 0) / (batches + 1),
    lr: rateOf(context, phase, batches - 1),
    best: false,
  };
  const due = (at.epoch + 1) % options.evalEvery === 0 || at.epoch + 1 === options.epochs;
  const pictures = data.val;
  if (due && pictures !== undefined) {
    context.last = await withAverage(session, () => validate(context, pictures, student, summary));
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
  at.lost = 0;
  emit({ kind: "epoch", ...summary });
}

async function validate(
  { options, batchSize, emit }: Context,
  pictures: OpenPictures,
  detector: Detector,
  epoch?: EpochSummary,
): Promise<Evaluation> {
  return evaluatePictures(detector, pictures, {
    batch: options.batch === "auto" ? batchSize : options.batch,
    workers: options.workers,
    protocol: "voc",
    detect: options.detect,
    onProgress: (done, total) => {
      if (epoch === undefined) return;
      const { epochs: to, lr } = epoch;
      emit({ kind: "validate", done, total, epoch: epoch.epoch, to, lr });
    },
  });
}

/** The learning rate of a step of the epoch under way, by default the one that comes next. */
export function rateOf(
  { at, options, batches }: Context,
  { from, to, lr }: Phase,
  batch = at.batch,
): number {
  return learningRate(options.schedule, lr, at.epoch - from + batch / batches, to - from);
}

/** Counts a step of the epoch under way. */
export function addTerms(at: Position, loss: LossTerms): void {
  at.batch += 1;
  at.step += 1;
  const { total, conf, loc, soft = 0, l2 = 0 } = loss;
  const finite = Number.isFinite(total + conf + loc + soft + l2);
  if (finite) at.sums = combine(at.sums, loss, (a, b) => a + b);
  else at.lost += 1;
}

/** Means over the steps of the epoch that are done. */
export function meanTerms({ sums, batch, lost }: Position): LossTerms {
  return combine(sums, sums, (sum) => sum / Math.max(1, batch - lost));
}

/** Terms put together one by one, each step: without objects in between. */
function combine(a: LossTerms, b: LossTerms, f: (a: number, b: number) => number): LossTerms {
  const { soft, l2 } = a;
  const plain = { total: f(a.total, b.total), conf: f(a.conf, b.conf), loc: f(a.loc, b.loc) };
  if (soft === undefined || l2 === undefined) return plain;
  return { ...plain, soft: f(soft, b.soft!), l2: f(l2, b.l2!) };
}
