import { rm } from "node:fs/promises";
import { join } from "node:path";
import { openPictures } from "./data/loader.js";
import { synthetic } from "./data/synthetic.js";
import { Detector } from "./detector.js";
import { type Evaluation, evaluate } from "./evaluate/evaluate.js";
import { writeReport } from "./report/report.js";
import { stderrProgress } from "./train/progress.js";
import { drawSamples, modelRow, runCurve, versions } from "./train/report.js";
import { type TrainOptions, train } from "./train/run.js";

/** A model of the demo and how it did on the test pictures, which nobody trained on. */
export interface DemoModel {
  name: string;
  preset: string;
  parameters: number;
  map: number;
  msPerPicture: number;
}

/** What the demo came to. */
export interface DemoResult {
  models: DemoModel[];
  report: string;
  /** A sentence: whether distillation helped here, and by how much. */
  verdict: string;
}

const images = 800;
const common = { batch: 16, workers: 1, optimizer: { lr: 2e-3 }, seed: 0, evalEvery: 4 };
const epochs = 24;

/**
 * The whole way on made-up pictures: a small teacher, a tiny student on its own, and the same student
 * (same start, same order, same steps) distilled from the teacher; all three on held-out pictures.
 */
export async function runDemo(
  out: string,
  signal: AbortSignal,
  line: (text: string) => void,
): Promise<DemoResult> {
  await rm(out, { recursive: true, force: true });
  const shapes = (set: "train" | "val" | "test") => synthetic("shapes", { images, set });
  const base = { ...common, data: shapes("train"), val: shapes("val"), signal };
  const { classes } = await base.data.read();

  line("1 of 3: the teacher, ssd128-small");
  const teacher = Detector.create("ssd128-small", { classes });
  const taught = await follow(teacher, {
    ...base,
    epochs,
    out: join(out, "teacher"),
  });
  const best = await Detector.load(taught.weights!);

  line("2 of 3: the student on its own, ssd128-tiny");
  const student = Detector.create("ssd128-tiny", { classes });
  const alone = { ...base, epochs };
  const trained = await follow(student, { ...alone, out: join(out, "student") });

  line("3 of 3: the same student, distilled from the teacher");
  const distilled = Detector.create("ssd128-tiny", { classes });
  const distill = { teacher: best };
  const learned = await follow(distilled, { ...alone, distill, out: join(out, "distilled") });

  const test = shapes("test");
  const rows = [];
  for (const [name, detector] of [
    ["teacher", best],
    ["student", student],
    ["student + KD", distilled],
  ] as const) {
    rows.push({ name, detector, evaluation: await evaluate(detector, test, { signal }) });
  }
  const report = join(out, "report.html");
  const curves = [
    runCurve("teacher", taught.history),
    runCurve("student", trained.history),
    runCurve("student + KD", learned.history),
  ];
  const pictures = await openPictures(await test.read({ classes }));
  await writeReport(report, {
    title: "Demo: a tiny student learns from a small teacher",
    subtitle: `Made-up shapes; ${rows[0]!.evaluation.detections.length} test pictures that nobody trained on`,
    models: rows.map(({ name, detector, evaluation }) => modelRow(name, detector, evaluation)),
    curves,
    pictures: await drawSamples(distilled, pictures, rows[2]!.evaluation),
    options: { ...common, images, epochs },
    versions: versions(),
  });
  const models = rows.map(({ name, detector, evaluation }) => ({
    name,
    preset: detector.preset.name,
    parameters: detector.parameters,
    map: evaluation.map,
    msPerPicture: evaluation.msPerPicture,
  }));
  return { models, report, verdict: verdict(rows[1]!.evaluation, rows[2]!.evaluation) };
}

async function follow(detector: Detector, options: TrainOptions) {
  const progress = stderrProgress();
  return train(detector, { ...options, onEvent: (event) => progress.show(event) }).done;
}

function verdict(alone: Evaluation, distilled: Evaluation): string {
  const gain = (distilled.map - alone.map) * 100;
  const points = `${Math.abs(gain).toFixed(1)} points of mAP`;
  if (Math.abs(gain) < 0.5) return `Distillation made no difference here (${points}).`;
  return gain > 0
    ? `Distillation helped here: ${points} over the same student on its own.`
    : `Distillation did not help here: ${points} below the same student on its own.`;
}
