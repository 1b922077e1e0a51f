import type { Backbone } from "../presets/schema.js";
import { plainExtras } from "./extras.js";
import type { ConvShape, GraphBuilder } from "./graph.js";

/** What adds to the shortcut: convolutions with BatchNorm, without the last activation. */
type Branch = (g: GraphBuilder, x: number, name: string, width: number, stride: number) => number;

const basic: Branch = (g, x, name, width, stride) => {
  const first = g.activation(convNorm(g, x, name, 1, width, { stride }), "relu");
  return convNorm(g, first, name, 2, width, {});
};

/** The 3x3 convolution has the stride, not the first 1x1 of the paper: torchvision's v1.5. */
const bottleneck: Branch = (g, x, name, width, stride) => {
  const first = g.activation(convNorm(g, x, name, 1, width, { kernel: 1 }), "relu");
  const second = g.activation(convNorm(g, first, name, 2, width, { stride }), "relu");
  return convNorm(g, second, name, 3, 4 * width, { kernel: 1 });
};

/** Blocks of layers 1 to 3 (ResNet, arXiv 1512.03385, table 1). */
const blocks = [3, 4, 6];
const branches = { 34: basic, 50: bottleneck };

/**
 * ResNet up to its stride 16 on the grid of 8732 priors, with torchvision's names under `resnet.`:
 * layer 2 (38x38) under `L2Norm` and layer 3 (19x19), then VGG's eight extra convolutions.
 *
 * @returns The six source maps.
 */
export function buildResNet(g: GraphBuilder, { depth }: Backbone<"resnet">): number[] {
  let x = convNorm(g, 0, "resnet", 1, 64, { kernel: 7, stride: 2 });
  x = g.maxPool(g.activation(x, "relu"), { kernel: 3, stride: 2, padding: 1 });
  const layers = blocks.map((count, i) => {
    for (let k = 0; k < count; k++) {
      const stride = i > 0 && k === 0 ? 2 : 1;
      x = residual(g, x, `resnet.layer${i + 1}.${k}`, branches[depth], 64 * 2 ** i, stride);
    }
    return x;
  });
  return [g.l2Norm(layers[1]!, "L2Norm", 20), x, ...plainExtras(g, x)];
}

function residual(
  g: GraphBuilder,
  x: number,
  name: string,
  branch: Branch,
  width: number,
  stride: number,
): number {
  const added = branch(g, x, name, width, stride);
  const out = g.channelsOf(added);
  const same = stride === 1 && g.channelsOf(x) === out;
  const shortcut = same ? x : g.convNorm(x, `${name}.downsample`, out, { kernel: 1, stride });
  return g.activation(g.sum(added, shortcut), "relu");
}

/** Convolution `name.convK` and BatchNorm `name.bnK`. */
function convNorm(
  g: GraphBuilder,
  x: number,
  name: string,
  k: number,
  out: number,
  shape: ConvShape,
): number {
  const conv = g.conv(x, `${name}.conv${k}`, out, { ...shape, bias: false });
  return g.batchNorm(conv, `${name}.bn${k}`);
}
