import type { GraphNode } from "../../../lib/native-engine.js";
import { nativeTargets } from "../../../lib/ops.js";
import { Tensor } from "../../../lib/tensor.js";
import { stepResult } from "../../../lib/train/session.js";
import { there } from "../../support/device.js";
import type { GoldenTensor } from "../../support/golden.js";
import { near } from "../../support/hashed.js";
import { type Comparison, numbers, tolerance } from "../comparison.js";
import { drawnTargets } from "./drawn.js";
import { plainModel, plainSession } from "./plain.js";

const momentum = "optimizer.first.";

/** One step of L2Norm behind a convolution whose weight is its input, cell by cell. */
export async function l2norm(c: Comparison): Promise<void> {
  const [side, channels] = [c.option<number>("side"), c.option<number>("channels")];
  const front = { in: 3, out: channels, kernel: side, stride: side };
  const body: GraphNode[] = [
    { op: "conv", name: "front", inputs: [0], ...front },
    { op: "l2norm", name: "L2Norm", inputs: [1], out: channels, init: 1 },
  ];
  const model = plainModel(c, body, new Map([["front.weight", cells(c)]]));
  const images = c.keep(oneHot(side));
  const { loc, conf } = model.forward(images.native);
  c.near("loc", c.keep(new Tensor(loc)), c.expected("loc"), tolerance.ops);
  c.near("conf", c.keep(new Tensor(conf)), c.expected("conf"), tolerance.ops);

  const { session, lr } = plainSession(c, model, { name: "sgd", weightDecay: 0 });
  const drawn = drawnTargets(c, c.option("stream"), c.option("truths"));
  const targets = nativeTargets(drawn, c.option("classes"));
  const terms = stepResult(await session.step([{ images: images.native, targets }], lr));
  c.near("conf loss", terms.conf, c.expected("terms/conf"), tolerance.ops);
  c.near("loc loss", terms.loc, c.expected("terms/loc"), tolerance.ops);
  c.same("positives", [terms.numPositives], c.expected("terms/numPositives").data);

  const state = session.state(momentum);
  for (const [key, tensor] of Object.entries(state)) {
    const name = key.slice(momentum.length);
    const [gradient, expected] = [c.keep(new Tensor(tensor)), c.expected(`grad/${name}`)];
    if (name !== "front.weight") c.near(`grad ${name}`, gradient, expected, tolerance.gradients);
    else sameByLength(c, numbers(gradient), expected);
  }
  c.same(
    "parameters",
    [Object.keys(state).length],
    [c.golden.keys(c.domain, c.sample, "grad/").length],
  );
}

/** The gradient of L2Norm's input, in a row for each length of a cell: it falls as the length grows. */
function sameByLength(c: Comparison, actual: ArrayLike<number>, { data }: GoldenTensor): void {
  const lengths = c.option<number[]>("lengths");
  for (const [i, length] of lengths.entries()) {
    const of = (all: ArrayLike<number>) =>
      Float64Array.from(all).filter((_, at) => (at % cellsOf(c)) % lengths.length === i);
    const expected = { shape: [of(data).length], data: of(data) };
    c.near(`grad of a cell of length ${length}`, of(actual), expected, tolerance.gradients);
  }
}

/** Cells of the three pictures. */
function cellsOf(c: Comparison): number {
  return 3 * c.option<number>("side") ** 2;
}

/** The weight of the convolution in front, `[channels, 3, side, side]`: what each cell becomes. */
function cells(c: Comparison): Float32Array {
  const [channels, lengths] = [c.option<number>("channels"), c.option<number[]>("lengths")];
  const count = cellsOf(c);
  const weight = new Float32Array(channels * count);
  for (let i = 0; i < count; i++) {
    const spread = lengths[i % lengths.length]! * (3 / channels) ** 0.5;
    const column = near(`${c.option("stream")}/cell${i}`, channels, 0, spread);
    for (const [channel, value] of column.entries()) weight[channel * count + i] = value;
  }
  return weight;
}

/** Three pictures: in the patch of a cell the pixel at the cell's own place is 1, in one channel. */
function oneHot(side: number): Tensor {
  const pixels = side ** 2;
  const data = new Float32Array(9 * pixels ** 2);
  for (let b = 0; b < 3; b++) {
    for (let cell = 0; cell < pixels; cell++) {
      const [y, x] = [Math.floor(cell / side), cell % side].map((at) => at * (side + 1));
      data[(4 * b * pixels + y!) * pixels + x!] = 1;
    }
  }
  return there(Tensor.from(data, [3, 3, pixels, pixels]));
}
