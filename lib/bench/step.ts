import { join } from "node:path";
import { Detector } from "../detector.js";
import { buildGraph } from "../models/build.js";
import { nativeTargets } from "../ops.js";
import { lossOptions, resolveLoss } from "../options.js";
import { resolvePreset } from "../presets.js";
import type { Tensor } from "../tensor.js";
import { optimizerOptions } from "../train/options.js";
import { renormalisation } from "../train/session.js";
import { Trainer } from "../train/trainer.js";
import { measureBeside, type Numbers } from "./beside.js";
import { withFolder } from "./data.js";
import type { Work } from "./floor.js";
import { writeGiven } from "./given.js";
import type { Bench, Row } from "./row.js";
import { asLists, madeUpClasses, madeUpTruths, noise } from "./scenes.js";
import { forwardWork, stepWork } from "./work.js";

/** Of both; so small that a made-up batch does not drive the weights anywhere. */
const optimizer = optimizerOptions.parse({ lr: 1e-4 });

/**
 * Rows `step` and `step-kd`: a training step on the same batch from the same weights, milliseconds a
 * step, beside PyTorch at its best of float32 and bfloat16, NCHW and NHWC; plain, or distilled from a
 * frozen teacher.
 */
export async function measureStep(bench: Bench, distilled: boolean): Promise<Row> {
  return await withFolder(async (dir) => {
    const { batch, device, precision, graph } = bench.options;
    using student = detector(bench.options.model, 0, device);
    using teacher = detector(bench.options.teacher ?? bench.options.model, 1, device);
    using images = pictures(batch, student.preset.size, device);
    const targets = madeUpTruths(batch, madeUpClasses.length);
    const taught = distilled ? { distill: { teacher } } : {};
    const setup = {
      student: await described(dir, "student", student),
      teacher: distilled ? await described(dir, "teacher", teacher) : null,
      teacherInput: renormalisation(student.preset, teacher.preset),
      file: await writeGiven(dir, { images, priors: student.priors }),
      ...asLists(targets),
      loss: resolveLoss(lossOptions.parse({}), student.preset.variances),
      optimizer,
    };
    using trainer = new Trainer(student, { precision, optimizer, graph, ...taught });
    return await measureBeside(bench, {
      name: distilled ? "step-kd" : "step",
      script: "step",
      setup,
      ours: async () => {
        const { loss } = await trainer.step({ images, targets });
        return { ...loss } as Numbers;
      },
      tolerance: precision === "fp32" ? 5e-3 : 5e-2,
      burst: device === "cpu" ? 1 : 8,
      others: { targets: () => nativeTargets(targets, madeUpClasses.length) },
      work: () => workOf(bench, distilled),
      floor:
        "each convolution reads and writes its maps once a pass, everything else happens on the way; each of them as long as its bytes or its operations take",
      about: {
        model: student.preset.name,
        teacher: distilled ? teacher.preset.name : null,
        precision,
        graph: graph !== undefined,
        parameters: student.parameters,
      },
    });
  });
}

function workOf({ options }: Bench, distilled: boolean): Work[] {
  const { batch, precision, model, teacher = model } = options;
  const bytes = precision === "fp32" ? 4 : 2;
  const sized = (name: string) => {
    const preset = resolvePreset(name);
    return [buildGraph(preset, madeUpClasses.length), preset.size, batch, bytes] as const;
  };
  return [...stepWork(...sized(model)), ...(distilled ? forwardWork(...sized(teacher)) : [])];
}

function detector(preset: string, seed: number, device: string): Detector {
  return Detector.create(preset, { classes: madeUpClasses, seed, device });
}

function pictures(batch: number, size: number, device: string): Tensor {
  using here = noise([batch, 3, size, size], 1, 11);
  return here.to(device);
}

/** A detector as a peer can build it: its weights are in a file. */
async function described(dir: string, name: string, from: Detector): Promise<object> {
  const weights = join(dir, `${name}.safetensors`);
  await from.save(weights);
  return { name: from.preset.name, preset: from.preset, weights, classes: from.classes.length + 1 };
}
