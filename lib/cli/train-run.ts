import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DataSource } from "../data/dataset.js";
import type { PictureOptions } from "../data/picture-options.js";
import { parseSource } from "../data/sources.js";
import { Detector } from "../detector.js";
import { reason, SsdError } from "../errors.js";
import { parseOptions } from "../options.js";
import { trainOptions } from "../train/options.js";
import { stderrProgress } from "../train/progress.js";
import { train } from "../train/run.js";
import { describeLoad, describeSource } from "./describe.js";

/** What the command line asked for. */
export interface TrainRequest {
  values: Record<string, unknown>;
  options: Record<string, unknown>;
  kd: Record<string, unknown>;
}

/** The choices that are not options of `train` itself. */
interface Choices {
  data: string;
  val?: string;
  model: string;
  classes?: string[];
  teacher?: string;
  init?: string;
  device: string;
}

/** Runs `train` as the command line asked for it. @returns The JSON result of the command. */
export async function runTraining(
  request: TrainRequest,
  signal: AbortSignal,
  line: (text: string) => void,
) {
  const { choices, options, kd } = withSaved(request);
  const data = parseSource(choices.data);
  const val = choices.val === undefined ? undefined : parseSource(choices.val);
  // Everything that can be wrong is looked at before a teacher is loaded and data is read.
  const { picture } = parseOptions(trainOptions.omit({ data: true }), { ...options, val }, "train");
  const teacher =
    choices.teacher === undefined ? undefined : await loadTeacher(choices.teacher, line);
  const classes = choices.classes ?? (await classesOf(data, teacher, picture));
  const { device } = choices;
  const student = Detector.create(choices.model, {
    classes,
    seed: Number(options.seed ?? 0),
    device,
  });
  teacher?.to(device);
  if (choices.init !== undefined && options.resume !== true) {
    for (const text of describeLoad(await student.init(choices.init))) line(text);
  }
  const progress = stderrProgress();
  const distill = teacher && { teacher, ...kd };
  const onEvent = progress.show.bind(progress);
  const run = train(student, { ...options, data, val, distill, signal, onEvent });
  const { epochs, steps, best, teacher: scored, weights, report } = await run.done;
  return { epochs, steps, best, teacher: scored, weights: weights!, report: report! };
}

/** A teacher; of weights that do not describe themselves it is told what they were taken for. */
async function loadTeacher(file: string, line: (text: string) => void): Promise<Detector> {
  const teacher = await Detector.load(file);
  const { preset, classes, source } = teacher;
  if (source !== undefined && source.layout !== "native") {
    line(`${describeSource(source)}: teacher ${preset.name} of ${classes.length} classes`);
  }
  return teacher;
}

/** The request's parts once defaults and saved options are in. */
interface Settled {
  choices: Choices;
  options: Record<string, unknown> & { out: string };
  kd: Record<string, unknown>;
}

/** The request, with what the run folder saved underneath when it is to be resumed. */
function withSaved({ values, options, kd }: TrainRequest): Settled {
  const out = (options.out ?? join("runs", "train")) as string;
  const saved = options.resume === true ? readSaved(out) : {};
  const { data, val, model, classes, device = "cpu", distill, teacher: _, ...rest } = saved;
  const { teacher, ...savedKd } = (distill ?? {}) as Record<string, unknown>;
  const given = Object.fromEntries(
    ["data", "val", "model", "teacher", "init", "device"]
      .filter((key) => values[key] !== undefined)
      .map((key) => [key, values[key]]),
  );
  const list = values.classes === undefined ? classes : String(values.classes).split(",");
  const choices = { device, data, val, model, teacher, classes: list, ...given } as Choices;
  for (const key of ["data", "model"] as const) {
    if (choices[key] === undefined) {
      throw new SsdError("BAD_OPTION", `train: expected --${key}, got none`);
    }
  }
  return { choices, options: { ...merged(rest, options), out }, kd: { ...savedKd, ...kd } };
}

/** `over` on top of `under`; groups of options key by key. */
function merged(
  under: Record<string, unknown>,
  over: Record<string, unknown>,
): Record<string, unknown> {
  const isGroup = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const out = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = under[key];
    out[key] = isGroup(value) && isGroup(below) ? merged(below, value) : value;
  }
  return out;
}

function readSaved(out: string): Record<string, unknown> {
  const file = join(out, "options.json");
  if (!existsSync(file)) {
    throw new SsdError("BAD_OPTION", `train: --resume expected a run in ${out}, got no ${file}`);
  }
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new SsdError("BAD_CHECKPOINT", `${file}: expected JSON: ${reason(error)}`);
  }
}

/** The data's own classes; the teacher's list where it has all of them. */
async function classesOf(
  data: DataSource,
  teacher: Detector | undefined,
  picture: PictureOptions,
): Promise<string[]> {
  const { classes } = await data.read({ picture });
  const covered = teacher !== undefined && classes.every((name) => teacher.classes.includes(name));
  return covered ? [...teacher.classes] : classes;
}
