import { nativeTargets, ops } from "../ops.js";
import { lossOptions, parseOptions, resolveLoss } from "../options.js";
import type { Tensor } from "../tensor.js";
import { measureBeside, type Numbers } from "./beside.js";
import { withFolder } from "./data.js";
import { priorsOn, writeGiven } from "./given.js";
import { matchWork } from "./match.js";
import type { Bench, Row } from "./row.js";
import { asLists, madeUpClasses, madeUpTruths, noise } from "./scenes.js";

/**
 * Row `kd`: MultiBoxLossKD of a batch's raw outputs with matching, terms and gradients, milliseconds a
 * batch, beside plain PyTorch: matching picture by picture, batched losses, autograd.
 */
export async function measureKd(bench: Bench): Promise<Row> {
  return await withFolder(async (dir) => {
    const { batch, device } = bench.options;
    const truths = madeUpTruths(batch, madeUpClasses.length);
    const classes = madeUpClasses.length + 1;
    using priors = priorsOn(device);
    const count = priors.shape[0]!;
    const made = (columns: number, scale: number, seed: number): Tensor => {
      using here = noise([batch, count, columns], scale, seed);
      return here.to(device);
    };
    const student = { loc: made(4, 1, 2), conf: made(classes, 2, 3) };
    const teacher = { loc: made(4, 1, 4), conf: made(classes, 2, 5) };
    const given = { priors, ...student, teacherLoc: teacher.loc, teacherConf: teacher.conf };
    try {
      const total = truths.reduce((sum, { labels }) => sum + labels.length, 0);
      const loss = resolveLoss(parseOptions(lossOptions, {}, "loss"));
      const evaluate = () => ops.multiboxLossKd(student, teacher, truths, priors);
      const sums = gradientSums(evaluate());
      const matching = matchWork(batch, count, total);
      const written = batch * count * (classes + 4) * 4;
      return await measureBeside(bench, {
        name: "kd",
        script: "kd",
        setup: { file: await writeGiven(dir, given), ...asLists(truths), loss },
        ours: () => {
          const { gradLoc, gradConf, numPositives: _, unmatched: __, ...terms } = evaluate();
          gradLoc.dispose();
          gradConf.dispose();
          return { ...terms, ...sums };
        },
        tolerance: 2e-3,
        others: { targets: () => nativeTargets(truths, classes - 1) },
        work: () => [
          { ...matching, bytes: 0 },
          { bytes: 2 * written, flops: 0 },
        ],
        floor:
          "the student's outputs read once, their gradients written once (the teacher's rows that are read are few); an IoU of every prior with every truth",
        about: { priors: count, classes, truths: total },
      });
    } finally {
      for (const tensor of Object.values(given)) tensor.dispose();
    }
  });
}

/** Sums of the gradients' magnitudes, taken once: they cost more than the loss. */
function gradientSums(losses: { gradLoc: Tensor; gradConf: Tensor }): Numbers {
  using loc = losses.gradLoc;
  using conf = losses.gradConf;
  return { gradLoc: magnitude(loc), gradConf: magnitude(conf) };
}

function magnitude(tensor: Tensor): number {
  let sum = 0;
  for (const value of tensor.toArray()) sum += Math.abs(Number(value));
  return sum;
}
