import { beforeEach, expect, test } from "vitest";
import { forwardWork, stepWork } from "../../../lib/bench/work.js";
import { buildGraph } from "../../../lib/models/build.js";
import { GraphBuilder } from "../../../lib/models/graph.js";
import { presets } from "../../../lib/presets.js";
import { ownCache } from "../../support/small.js";

beforeEach(() => void ownCache());

/** 3 x 8 x 8 to 4 x 4 x 4, depthwise, pooled in ceil mode to 4 x 2 x 2, to 2 x 2 x 2. */
function graph() {
  const g = new GraphBuilder();
  const a = g.conv(0, "a", 4, { stride: 2 });
  const b = g.depthwise(a, "b");
  const c = g.maxPool(b, { kernel: 3, stride: 2, ceil: true });
  return g.graph([g.conv(c, "loc", 2, { kernel: 1 })], [], 1);
}

test("a forward pass moves each convolution's maps once", () => {
  expect(forwardWork(graph(), 8, 5, 2)).toEqual([
    { bytes: 2 * (5 * (3 * 64 + 4 * 16) + 4 * 3 * 9), flops: 2 * 5 * 4 * 3 * 9 * 16 },
    { bytes: 2 * (5 * (4 * 16 + 4 * 16) + 4 * 9), flops: 2 * 5 * 4 * 9 * 16 },
    { bytes: 2 * (5 * (4 * 4 + 2 * 4) + 4 * 2), flops: 2 * 5 * 4 * 2 * 4 },
  ]);
});

test("a step computes three times a forward pass, but for the picture's gradient", () => {
  const forward = forwardWork(graph(), 8, 5, 4);
  const step = stepWork(graph(), 8, 5, 4);
  expect(step.slice(0, 3)).toEqual(forward);
  expect(step[3]!.flops).toBe(forward[0]!.flops);
  expect(step[4]!.flops).toBe(2 * forward[1]!.flops);
  expect(step[5]!.bytes).toBe(4 * (5 * (2 * 4 + 2 * 16) + 2 * 8));
  expect(step[6]).toEqual({ bytes: 28 * (108 + 36 + 8), flops: 0 });
});

test("SSD300 on VGG16 multiplies 31.4 thousand million times a picture", () => {
  const { size } = presets["ssd300-vgg16"];
  const flops = forwardWork(buildGraph(presets["ssd300-vgg16"], 20), size, 1, 4).reduce(
    (sum, work) => sum + work.flops,
    0,
  );
  expect(flops / 2e9).toBeCloseTo(31.37, 1);
});
