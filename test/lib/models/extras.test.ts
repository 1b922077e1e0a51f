import { expect, test } from "vitest";
import { plainExtras, separableExtras } from "../../../lib/models/extras.js";
import { GraphBuilder } from "../../../lib/models/graph.js";
import { channelsOf } from "../../support/graphs.js";

/** A builder with a map of as many channels. */
function builder(channels: number): { g: GraphBuilder; x: number } {
  const g = new GraphBuilder();
  return { g, x: g.conv(0, "body", channels, { kernel: 1 }) };
}

test("SSD300's extra maps: every second of eight convolutions, whatever comes before", () => {
  for (const channels of [256, 1024]) {
    const { g, x } = builder(channels);
    const maps = plainExtras(g, x);
    expect(channelsOf(g, maps)).toEqual([512, 256, 256, 256]);
    const convs = g.nodes.filter(({ name }) => name?.startsWith("extras."));
    expect(convs[0]).toMatchObject({ name: "extras.0", in: channels, out: 256, kernel: 1 });
    expect(convs.map(({ kernel, stride = 1, padding }) => [kernel, stride, padding])).toEqual([
      ...[1, 2].flatMap(() => [
        [1, 1, 0],
        [3, 2, 1],
      ]),
      ...[1, 2].flatMap(() => [
        [1, 1, 0],
        [3, 1, 0],
      ]),
    ]);
    expect(convs.every(({ init, bias }) => init === "xavier" && bias)).toBe(true);
    for (const map of maps) expect(g.nodes[map - 1]!.op).toBe("relu");
  }
});

test("SSDLite's extra maps: pointwise, depthwise, pointwise under ReLU6", () => {
  for (const [kind, channels] of [
    ["grid8732", [512, 256, 256]],
    ["ssdlite320", [512, 256, 256, 128]],
  ] as const) {
    const { g, x } = builder(480);
    expect(channelsOf(g, separableExtras(g, x, kind))).toEqual(channels);
    const ops = g.nodes.slice(x).map(({ op }) => op);
    expect(ops).toEqual(
      channels.flatMap(() => Array(3).fill(["conv", "batchnorm", "relu6"]).flat()),
    );
    for (const [i, out] of channels.entries()) {
      const [narrow, deep, wide] = [0, 1, 2].map(
        (part) => g.nodes.find(({ name }) => name === `extras.${i}.${part}.0`)!,
      );
      // Half of what it gives, as torchvision has it.
      expect([narrow!.out, deep!.groups, wide!.out]).toEqual([out / 2, out / 2, out]);
    }
  }
});
