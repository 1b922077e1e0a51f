import { arch, platform } from "node:os";
import type { OpenPictures } from "../data/loader.js";
import type { Detector } from "../detector.js";
import { type Evaluation, samplePictures } from "../evaluate/evaluate.js";
import { engine } from "../native.js";
import { type DrawnBox, drawDetections } from "../report/draw.js";
import { type ReportCurve, type ReportModel, writeReport } from "../report/report.js";
import type { EpochSummary } from "./events.js";
import { describeOptions, type Outcome } from "./folder.js";

/** Pictures shown in a report, and the score from which a detection is drawn. */
const shown = 8;
const drawnFrom = 0.3;

/** Writes a run's `report.html`. */
export async function writeRunReport(file: string, outcome: Outcome): Promise<void> {
  const { student, options, data, report, teacher, last } = outcome;
  const distilled = options.distill !== undefined;
  const name = distilled ? "student + KD" : "student";
  const models = [modelRow(name, student, last)];
  if (options.distill !== undefined) {
    models.unshift(modelRow("teacher", options.distill.teacher, teacher));
  }
  const best = report.best.epoch === 0 ? "" : `; best mAP in epoch ${report.best.epoch}`;
  const pictures =
    data.val === undefined || last === undefined ? [] : await drawSamples(student, data.val, last);
  await writeReport(file, {
    title: distilled ? `Distilled ${student.preset.name}` : `Trained ${student.preset.name}`,
    subtitle: `${data.train.length} pictures to train, ${data.val?.length ?? 0} to validate, ${report.epochs} epochs, ${report.steps} steps${best}`,
    models,
    curves: [runCurve(name, report.history)],
    pictures,
    options: describeOptions(student, options),
    versions: versions(),
  });
}

/** A model's row of a report's table. */
export function modelRow(name: string, detector: Detector, evaluation?: Evaluation): ReportModel {
  const { parameters, preset } = detector;
  const row = { name, preset: preset.name, parameters, sizeMb: (parameters * 4) / 1e6 };
  if (evaluation === undefined) return row;
  const { map, classes, msPerPicture } = evaluation;
  return { ...row, map, classes, msPerPicture };
}

/** A run's curves. */
export function runCurve(name: string, history: readonly EpochSummary[]): ReportCurve {
  const epochs = history.map(({ epoch, loss, val, map, lr }) => ({
    epoch,
    loss: { ...loss },
    val: val?.total,
    map,
    lr,
  }));
  return { name, epochs };
}

/** A few validation pictures with truth and detections, the same for every model. */
export async function drawSamples(
  { classes }: Detector,
  { dataset }: OpenPictures,
  { detections }: Evaluation,
): Promise<{ caption: string; image: Uint8Array }[]> {
  const { items } = dataset;
  const pictures = samplePictures(shown, items.length).map(async (i) => {
    const item = items[i]!;
    const found = detections[i]!;
    const truths = item.truths.map(
      ({ label, box }): DrawnBox => ({ label: classes[label]!, box, kind: "truth" }),
    );
    const boxes = found.boxes as DrawnBox["box"][];
    const drawn = boxes.map((box, k): DrawnBox => {
      return { label: classes[found.labels[k]!]!, score: found.scores[k]!, box, kind: "detection" };
    });
    const image = await drawDetections(
      item.image,
      [...truths, ...drawn.filter(({ score }) => score! >= drawnFrom)],
      { classes, format: "jpeg", maxSide: 640 },
    );
    return { caption: item.id, image };
  });
  return Promise.all(pictures);
}

/** What made a run, for its report. */
export function versions(): Record<string, string> {
  const { libtorch, cpu } = engine().info();
  return { libtorch, cpu, node: process.versions.node, system: `${platform()} ${arch()}` };
}
