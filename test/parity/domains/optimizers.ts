import type { GraphNode } from "../../../lib/native-engine.js";
import { nativeTargets } from "../../../lib/ops.js";
import { Tensor } from "../../../lib/tensor.js";
import { images } from "../../support/pictures.js";
import { type Comparison, tolerance } from "../comparison.js";
import { drawnTargets } from "./drawn.js";
import { plainModel, plainSession, sameLosses } from "./plain.js";

/** Steps of an update rule on a network without kinks: losses, weights, statistics, its own state. */
export async function optimizers(c: Comparison): Promise<void> {
  const [side, channels] = [c.option<number>("side"), c.option<number>("channels")];
  const front = { in: 3, out: channels, kernel: side, stride: side };
  const body: GraphNode[] = [
    { op: "conv", name: "front.0", inputs: [0], ...front },
    { op: "batchnorm", name: "front.1", inputs: [1], out: channels },
  ];
  const model = plainModel(c, body);
  const { session, lr } = plainSession(c, model, c.option("optimizer"));
  const losses: Record<string, number>[] = [];
  for (const [step, salts] of c.option<number[][]>("truths").entries()) {
    const here = `${c.option("stream")}/step${step}`;
    const pictures = images(here, c.option("batch"), side ** 2);
    const targets = nativeTargets(drawnTargets(c, here, salts), c.option("classes"));
    const [total, conf, loc] = await session.step([{ images: pictures.native, targets }], lr);
    losses.push({ total, conf, loc });
    pictures.dispose();
  }
  sameLosses(c, losses, tolerance.gradients);
  for (const name of c.golden.keys(c.domain, c.sample, "state/")) {
    const tensor = c.keep(new Tensor(model.tensor(name)));
    c.near(name, tensor, c.expected(`state/${name}`), tolerance.gradients);
  }
  const own = session.state("optimizer.");
  for (const name of c.golden.keys(c.domain, c.sample, "optimizer/", 0)) {
    const tensor = c.keep(new Tensor(own[`optimizer.${name}`]!));
    c.near(`state ${name}`, tensor, c.expected(`optimizer/${name}`), tolerance.gradients);
  }
}
