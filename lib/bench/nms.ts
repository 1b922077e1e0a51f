import { between, integer, stream } from "../data/random.js";
import { ops } from "../ops.js";
import { Tensor } from "../tensor.js";
import { measureBeside, type Numbers } from "./beside.js";
import { withFolder } from "./data.js";
import { priorsOn, writeGiven } from "./given.js";
import { flopsOfIou } from "./match.js";
import type { Bench, Row } from "./row.js";
import { madeUpClasses, noise } from "./scenes.js";

const candidates = 200;
const variances: [number, number] = [0.1, 0.2];
const iou = 0.45;

/**
 * Row `nms`: raw outputs of 200 boxes in 20 classes to what is left of each class, milliseconds a batch,
 * beside a loop over the classes in PyTorch. `detections_ms` is ours from SSD300's whole outputs, as an
 * evaluation does it.
 */
export async function measureNms(bench: Bench): Promise<Row> {
  return await withFolder(async (dir) => {
    const { batch, device } = bench.options;
    const classes = madeUpClasses.length;
    const boxes = { priors: clusters(), loc: noise([batch, candidates, 4], 1, 6) };
    const conf = noise([batch, candidates, classes + 1], 2, 7);
    const given = moved({ ...boxes, conf }, device);
    const whole = wholeOutputs(batch, classes, device);
    const all = { minScore: 0, iou, topK: candidates, maxDetections: candidates * classes };
    try {
      return await measureBeside(bench, {
        name: "nms",
        script: "nms",
        setup: { file: await writeGiven(dir, given), variances, iou },
        ours: () => counted(ops.detections(given, given.priors, { ...all, variances })),
        tolerance: 2e-3,
        others: { detections: () => ops.detections(whole, whole.priors) },
        work: ({ kept }) => [{ bytes: 0, flops: pairs(kept!, batch * classes) * flopsOfIou }],
        floor:
          "an IoU of every pair of kept boxes of a class, and one for each box that is not kept",
        about: { candidates, classes, iou },
      });
    } finally {
      for (const tensor of [...Object.values(given), ...Object.values(whole)]) tensor.dispose();
    }
  });
}

/** Candidates around twelve objects, in centre form. */
function clusters(): Tensor {
  const random = stream(8, 0);
  const objects = Array.from({ length: 12 }, () => {
    const side = between(random, 0.1, 0.5);
    return [between(random, 0.2, 0.8), between(random, 0.2, 0.8), side, side];
  });
  const rows = Array.from({ length: candidates }, () => {
    const [x, y, w, h] = objects[integer(random, 0, objects.length - 1)]! as [
      number,
      number,
      number,
      number,
    ];
    const moved = (centre: number, side: number) => centre + between(random, -0.2, 0.2) * side;
    const scaled = (side: number) => side * between(random, 0.8, 1.25);
    return [moved(x, w), moved(y, h), scaled(w), scaled(h)];
  });
  return Tensor.from(Float32Array.from(rows.flat()), [candidates, 4]);
}

/** What SSD300 gives of a batch: background almost everywhere, a few hundred candidates a class. */
function wholeOutputs(batch: number, classes: number, device: string) {
  const priors = priorsOn(device);
  const count = priors.shape[0]!;
  const outputs = {
    loc: noise([batch, count, 4], 1, 9),
    conf: noise([batch, count, classes + 1], 1, 10, 7),
  };
  return { priors, ...moved(outputs, device) };
}

function moved<T extends Record<string, Tensor>>(tensors: T, device: string): T {
  const entries = Object.entries(tensors).map(([name, tensor]) => {
    using here = tensor;
    return [name, here.to(device)];
  });
  return Object.fromEntries(entries) as T;
}

function counted(found: ReturnType<typeof ops.detections>): Numbers {
  const sums = { kept: 0, scores: 0 };
  for (const { scores } of found) {
    sums.kept += scores.length;
    for (const score of scores) sums.scores += score;
  }
  return sums;
}

/** Pairs that a greedy suppression looks at, with as many kept in each class. */
function pairs(kept: number, classes: number): number {
  const each = kept / classes;
  return classes * ((each * (each - 1)) / 2 + (candidates - each));
}
