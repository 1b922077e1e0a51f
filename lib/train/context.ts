import type { StoredTensors } from "../checkpoint/safetensors.js";
import type { Detector } from "../detector.js";
import { SsdError } from "../errors.js";
import type { Evaluation } from "../evaluate/evaluate.js";
import type { NativeLoader } from "../native-loader.js";
import type { NativeSession } from "../native-session.js";
import type { TrainEvent } from "./events.js";
import type { RunFolder } from "./folder.js";
import type { ResolvedTrainOptions } from "./options.js";
import type { Prepared } from "./prepare.js";
import { noTerms, type Position, restoreState } from "./state.js";

/** Everything a run's functions share. */
export interface Context {
  student: Detector;
  session: NativeSession;
  options: ResolvedTrainOptions;
  emit: (event: TrainEvent) => void;
  /** Aborted when the run is to stop at the next step boundary. */
  stop: AbortSignal;
  data: Prepared;
  loader: NativeLoader;
  /** Pictures a batch. */
  batchSize: number;
  /** Batches an epoch, and steps, each of `accumulate` batches but the last. */
  loaded: number;
  batches: number;
  folder?: RunFolder;
  at: Position;
  teacher?: Evaluation;
  last?: Evaluation;
}

/** The position of a run that begins. */
export function start(
  { seed, distill, ema, accumulate }: ResolvedTrainOptions,
  pictures: number,
  batchSize: number,
): Position {
  const sums = noTerms(distill !== undefined);
  const best = { epoch: 0, map: -1 };
  const teacher = distill?.teacher.source?.sha256;
  const run = { seed, pictures, batchSize, accumulate, teacher, ema: ema !== undefined };
  return { epoch: 0, batch: 0, step: 0, sums, lost: 0, best, history: [], ...run };
}

/**
 * Puts a run where its last checkpoint left it.
 *
 * @returns The checkpoint's tensors: the optimizer takes its state from them once it is there.
 * @throws SsdError BAD_CHECKPOINT when it would not be the same run.
 */
export async function resume(context: Context): Promise<StoredTensors["tensors"]> {
  const { folder, student, session, at: fresh, emit } = context;
  const { at, tensors } = await folder!.checkpoints.resume(student);
  const names = {
    seed: "seed",
    pictures: "pictures",
    batchSize: "batch",
    accumulate: "accumulate",
    teacher: "teacher",
    ema: "averaging (ema)",
  };
  for (const [key, name] of Object.entries(names) as [keyof typeof names, string][]) {
    if (at[key] === fresh[key]) continue;
    throw new SsdError(
      "BAD_CHECKPOINT",
      `resume: expected the run's ${name} ${at[key]}, got ${fresh[key]}: it would not be the same run`,
    );
  }
  restoreState(session, tensors, "ema.");
  // The precision may be another than it was; fp16 then begins with its scale.
  if (tensors.has("scaler.scale")) restoreState(session, tensors, "scaler.");
  context.at = at;
  emit({ kind: "resumed", epoch: at.epoch + 1, batch: at.batch });
  return tensors;
}
