import { loadEngine } from "../../../lib/native.js";
import type { Graph, GraphNode, NativeModel } from "../../../lib/native-engine.js";
import type { NativeSession } from "../../../lib/native-session.js";
import { lossOptions, resolveLoss } from "../../../lib/options.js";
import { optimizerOptions } from "../../../lib/train/options.js";
import { testDevice } from "../../support/device.js";
import { fill } from "../../support/weights.js";
import type { Comparison } from "../comparison.js";

// Networks of a case's own, smaller than any preset, and their training.

/** A network with drawn weights, on one thread (test files run beside each other). */
export function plainModel(
  c: Comparison,
  body: GraphNode[],
  placed?: ReadonlyMap<string, Float32Array>,
): NativeModel {
  const { engine } = loadEngine();
  engine.setThreads(1);
  const graph = withHeads(body, c.option("channels"), c.option<number>("classes") + 1);
  const model = c.keep(new engine.Model(graph, 0));
  fill(model, { stream: c.option("stream"), lift: c.option("lift"), placed });
  model.to(testDevice);
  return model;
}

/** Pointwise predictors of one map, the body's last value. */
function withHeads(body: GraphNode[], channels: number, numClasses: number): Graph {
  const last = body.length;
  const head = (name: string, out: number): GraphNode => {
    return { op: "conv", name, inputs: [last], in: channels, out, bias: true };
  };
  const nodes = [...body, head("loc.0", 4), head("conf.0", numClasses)];
  return { nodes, loc: [last + 1], conf: [last + 2], numClasses };
}

/** Its training by the case's option `loss`, and the learning rate. */
export function plainSession(
  c: Comparison,
  model: NativeModel,
  optimizer: object,
): { session: NativeSession; lr: number } {
  const { lr, ...rule } = optimizerOptions.parse(optimizer);
  const spec = {
    optimizer: rule,
    precision: "fp32" as const,
    loss: resolveLoss(lossOptions.parse(c.option("loss"))),
    freeze: [],
    teacherInput: null,
    ema: null,
    clip: null,
    graph: null,
  };
  const { engine } = loadEngine();
  const session = c.keep(new engine.Session(model, null, c.input("priors").native, spec));
  return { session, lr };
}

/** Losses of every step, in the case's order. */
export function sameLosses(
  c: Comparison,
  losses: readonly Record<string, number>[],
  limit: number,
): void {
  for (const term of c.golden.keys(c.domain, c.sample, "losses/")) {
    const { data } = c.expected(`losses/${term}`);
    for (const [step, loss] of losses.entries()) {
      const one = { shape: [1], data: data.subarray(step, step + 1) };
      c.near(`${term} of step ${step + 1}`, loss[term]!, one, limit);
    }
  }
}
