import { nativeTargets, ops } from "../ops.js";
import { lossOptions, parseOptions, resolveLoss } from "../options.js";
import type { Tensor } from "../tensor.js";
import { measureBeside } from "./beside.js";
import { withFolder } from "./data.js";
import type { Work } from "./floor.js";
import { priorsOn, writeGiven } from "./given.js";
import type { Bench, Row } from "./row.js";
import { asLists, madeUpClasses, madeUpTruths } from "./scenes.js";

/** Operations of an IoU: intersection, two areas, their sum, a division. */
export const flopsOfIou = 14;

/**
 * Row `match`: a batch's truths matched with the priors of SSD300 and encoded, milliseconds a batch,
 * beside the field's loop over pictures and truths.
 */
export async function measureMatch(bench: Bench): Promise<Row> {
  return await withFolder(async (dir) => {
    const { batch, device } = bench.options;
    const truths = madeUpTruths(batch, madeUpClasses.length);
    using priors = priorsOn(device);
    const { overlapThreshold, variances } = resolveLoss(parseOptions(lossOptions, {}, "match"));
    const file = await writeGiven(dir, { priors });
    const match = () => ops.match(truths, priors);
    return await measureBeside(bench, {
      name: "match",
      script: "match",
      setup: { file, ...asLists(truths), threshold: overlapThreshold, variances },
      ours: once(match, sumsOf(match())),
      tolerance: 1e-3,
      others: { targets: () => nativeTargets(truths) },
      work: () => [
        matchWork(
          batch,
          priors.shape[0]!,
          truths.reduce((n, t) => n + t.labels.length, 0),
        ),
      ],
      floor: "offsets and classes written once; an IoU of every prior with every truth",
      about: { priors: priors.shape[0], truths: truths.reduce((n, t) => n + t.labels.length, 0) },
    });
  });
}

type Matched = ReturnType<typeof ops.match>;

/** One matching, waited for; its numbers were taken before, they cost more than the matching. */
function once<T>(match: () => Matched, numbers: T): () => T {
  return () => {
    const { loc, classes, unmatched } = match();
    unmatched.item();
    for (const tensor of [loc, classes, unmatched]) tensor.dispose();
    return numbers;
  };
}

function sumsOf({ loc, classes }: Matched) {
  using offsets: Tensor = loc;
  using labels: Tensor = classes;
  const of = labels.toArray();
  const four = offsets.toArray() as Float32Array;
  const sums = { positives: 0, classes: 0, offsets: 0 };
  of.forEach((label: number | bigint, i: number) => {
    if (Number(label) === 0) return;
    sums.positives += 1;
    sums.classes += Number(label);
    for (const offset of four.subarray(4 * i, 4 * i + 4)) sums.offsets += Math.abs(offset);
  });
  return sums;
}

/** What matching moves and computes at least: float32 offsets and int32 classes come out. */
export function matchWork(batch: number, priors: number, truths: number): Work {
  return { bytes: batch * priors * (16 + 4), flops: truths * priors * flopsOfIou };
}
