import type { NativeSession } from "../../../lib/native-session.js";
import { nativeTargets } from "../../../lib/ops.js";
import { Tensor } from "../../../lib/tensor.js";
import { trainOptions } from "../../../lib/train/options.js";
import { openSession, stepResult } from "../../../lib/train/session.js";
import { largest } from "../../support/golden.js";
import { images } from "../../support/pictures.js";

import { type Comparison, tolerance } from "../comparison.js";
import { drawnDetector, drawnTargets } from "./drawn.js";

/** One training step: outputs, losses, the gradient of every parameter, statistics. */
export async function models(c: Comparison): Promise<void> {
  const moved = c.golden.keys(c.domain, c.sample, "placed/", 0);
  const placed = moved.map((name) => {
    return [name, c.expected(`placed/${name}`).data as Float32Array] as const;
  });
  const detector = c.keep(drawnDetector(c, { placed: new Map(placed) }));
  const stream = c.option<string>("stream");
  const pictures = c.keep(images(stream, c.option("batch"), detector.preset.size));
  const { loc, conf } = detector.forward(pictures);
  c.near("eval loc", c.keep(loc), c.expected("eval/loc"), tolerance.models);
  c.near("eval conf", c.keep(conf), c.expected("eval/conf"), tolerance.models);

  const targets = nativeTargets(drawnTargets(c, stream, c.option("truths")));
  const session = c.keep(openSession(detector, plainSgd(), []));
  const terms = stepResult(await session.step([{ images: pictures.native, targets }], 1e-3));
  c.near("conf loss", terms.conf, c.expected("terms/conf"), tolerance.ops);
  c.near("loc loss", terms.loc, c.expected("terms/loc"), tolerance.ops);
  c.same("positives", [terms.numPositives], c.expected("terms/numPositives").data);
  sameGradients(c, session);
  const state = detector.stateDict();
  for (const name of c.golden.keys(c.domain, c.sample, "state/", 0)) {
    c.near(name, state[name]!, c.expected(`state/${name}`), tolerance.models);
  }
}

/** After one step from zero its momentum is the gradient itself. */
function plainSgd() {
  const optimizer = { name: "sgd" as const, weightDecay: 0 };
  return trainOptions.pick({ optimizer: true, precision: true, loss: true }).parse({ optimizer });
}

function sameGradients(c: Comparison, session: NativeSession): void {
  const momentum = session.state("optimizer.");
  const names = c.golden.keys(c.domain, c.sample, "grad/");
  const own = Object.keys(momentum).map((name) => name.replace("optimizer.first.", ""));
  c.same("parameters without reference", missing(own, names), []);
  // LibTorch adds up the numbers of a BatchNorm one after another in float32, up to 90,000 of them here.
  // Where that keeps PyTorch itself, in the same memory layout, from float64, nobody can be nearer.
  const float32 = c.option<number>("float32");
  const loose = float32 > tolerance.gradients;
  const limit = loose ? 2 * float32 : tolerance.gradients;
  const why = loose ? `PyTorch in float32: ${float32.toExponential(1)}` : undefined;
  const most = Math.max(...names.map((name) => largest(c.expected(`grad/${name}`))));
  for (const name of names) {
    const gradient = new Tensor(momentum[`optimizer.first.${name}`]!);
    const expected = c.expected(`grad/${name}`);
    if (c.option<string[]>("vanishing").includes(name)) {
      // What a BatchNorm takes away has a gradient of zero, and rounding instead of it on both sides.
      const note = "zero: over the model's largest gradient";
      c.near(`grad ${name}`, gradient, expected, limit, { note, scale: most });
    } else {
      c.near(`grad ${name}`, gradient, expected, limit, { note: why });
    }
    gradient.dispose();
  }
}

/** Indices of the names of `from` that `names` does not have. */
function missing(from: readonly string[], names: readonly string[]): number[] {
  return from.flatMap((name, i) => (names.includes(name) ? [] : [i]));
}
