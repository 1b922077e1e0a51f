import { type Graph, type GraphNode, loadEngine } from "../../../lib/native.js";
import { nativeTargets } from "../../../lib/ops.js";
import { lossOptions, resolveLoss } from "../../../lib/options.js";
import { Tensor } from "../../../lib/tensor.js";
import { optimizerOptions } from "../../../lib/train/options.js";
import { images } from "../../support/pictures.js";
import { fill } from "../../support/weights.js";
import { type Comparison, tolerance } from "../comparison.js";
import { drawnTargets } from "./drawn.js";

/** Steps of an update rule on a network without kinks: losses, weights, statistics, its own state. */
export async function optimizers(c: Comparison): Promise<void> {
  const { engine } = loadEngine();
  engine.setThreads(1);
  const [stream, lift] = [c.option<string>("stream"), c.option<number>("lift")];
  const [side, classes] = [c.option<number>("side"), c.option<number>("classes")];
  const model = c.keep(new engine.Model(graph(c.option("channels"), side, classes + 1), 0));
  fill(model, { stream, lift });
  const { lr, ...rule } = optimizerOptions.parse(c.option("optimizer"));
  const session = c.keep(
    new engine.Session(model, null, c.input("priors").native, {
      optimizer: rule,
      precision: "fp32",
      loss: resolveLoss(lossOptions.parse(c.option("loss"))),
      freeze: [],
      teacherInput: null,
      ema: null,
    }),
  );
  for (const [step, salts] of c.option<number[][]>("truths").entries()) {
    const here = `${stream}/step${step}`;
    const pictures = images(here, c.option("batch"), side ** 2);
    const targets = nativeTargets(drawnTargets(c, here, salts), classes);
    const terms = await session.step(pictures.native, targets, lr);
    pictures.dispose();
    for (const term of ["total", "conf", "loc"] as const) {
      const { data } = c.expected(`losses/${term}`);
      const one = { shape: [1], data: data.subarray(step, step + 1) };
      c.near(`${term} of step ${step + 1}`, terms[term], one, tolerance.gradients);
    }
  }
  for (const name of c.golden.keys(c.domain, c.sample, "state/")) {
    const tensor = c.keep(new Tensor(model.tensor(name)));
    c.near(name, tensor, c.expected(`state/${name}`), tolerance.gradients);
  }
  const own = session.state("optimizer.");
  for (const name of c.golden.keys(c.domain, c.sample, "optimizer/")) {
    const tensor = c.keep(new Tensor(own[`optimizer.${name}`]!));
    c.near(`state ${name}`, tensor, c.expected(`optimizer/${name}`), tolerance.gradients);
  }
}

function graph(channels: number, side: number, numClasses: number): Graph {
  const head = (name: string, out: number): GraphNode => {
    return { op: "conv", name, inputs: [2], in: channels, out, bias: true };
  };
  return {
    nodes: [
      {
        op: "conv",
        name: "front.0",
        inputs: [0],
        in: 3,
        out: channels,
        kernel: side,
        stride: side,
      },
      { op: "batchnorm", name: "front.1", inputs: [1], out: channels },
      head("loc.0", 4),
      head("conf.0", numClasses),
    ],
    loc: [3],
    conf: [4],
    numClasses,
  };
}
