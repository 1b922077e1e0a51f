import { access, constants, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../checkpoint/atomic.js";
import { extractWeights } from "../checkpoint/store.js";
import type { Detector } from "../detector.js";
import { reason, SsdError } from "../errors.js";
import type { Evaluation } from "../evaluate/evaluate.js";
import type { TrainReport } from "./events.js";
import { MetricsLog } from "./log.js";
import type { ResolvedTrainOptions } from "./options.js";
import type { Prepared } from "./prepare.js";
import { writeRunReport } from "./report.js";
import { Checkpoints } from "./state.js";

/** A run's folder: `options.json`, `metrics.jsonl`, `checkpoints/`, `student.safetensors`, `report.html`. */
export interface RunFolder {
  path: string;
  log: MetricsLog;
  checkpoints: Checkpoints;
}

/** What a run has to show at its end. */
export interface Outcome {
  student: Detector;
  options: ResolvedTrainOptions;
  data: Prepared;
  report: TrainReport;
  teacher?: Evaluation;
  last?: Evaluation;
}

/**
 * Makes a run's folder, before anything is computed, and writes the resolved options.
 *
 * @throws SsdError BAD_OPTION when it cannot be written.
 */
export async function openFolder(
  path: string,
  student: Detector,
  options: ResolvedTrainOptions,
): Promise<RunFolder> {
  try {
    await mkdir(join(path, "checkpoints"), { recursive: true });
    await access(path, constants.W_OK);
    const text = JSON.stringify(describeOptions(student, options), undefined, 2);
    await writeAtomically(join(path, "options.json"), [`${text}\n`], "BAD_OPTION");
  } catch (error) {
    throw new SsdError(
      "BAD_OPTION",
      `train options: option "out": expected a folder that can be written, got "${path}": ${reason(error)}`,
    );
  }
  const checkpoints = new Checkpoints(path, options.keep);
  return { path, log: new MetricsLog(path), checkpoints };
}

/** Writes the best weights and the report. */
export async function finishFolder(
  folder: RunFolder,
  outcome: Outcome,
): Promise<{ weights: string; report: string }> {
  const weights = join(folder.path, "student.safetensors");
  if (outcome.report.best.epoch > 0) await extractWeights(folder.checkpoints.path("best"), weights);
  else await outcome.student.save(weights);
  const report = join(folder.path, "report.html");
  await writeRunReport(report, outcome);
  return { weights, report };
}

/** The options as plain data: what `--resume` and a reader of the folder need. */
export function describeOptions(student: Detector, options: ResolvedTrainOptions): object {
  const { data, val, distill, signal: _, onEvent: __, ...plain } = options;
  const { teacher, ...kd } = distill ?? {};
  return {
    ...plain,
    model: student.preset.name,
    classes: student.classes,
    device: student.device,
    data: data.spec,
    val: val?.spec,
    distill: teacher && { ...kd, teacher: teacher.source?.file ?? teacher.preset.name },
  };
}
