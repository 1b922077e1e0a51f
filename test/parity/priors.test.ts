import { describe, expect, it } from "vitest";
import { ops, Tensor } from "../../lib/index.js";

describe("priors of SSD300", () => {
  it("number 8732 and are clipped in centre form", () => {
    const priors = ops.priorBoxes("ssd300-vgg16");
    const values = Array.from(priors.toArray(), Number);
    expect(priors.shape).toEqual([8732, 4]);
    expect(Math.min(...values)).toBeGreaterThan(0);
    expect(Math.max(...values)).toBe(1);
    // The corners are not clipped: the first prior starts left of the picture.
    expect(values[0]! - values[2]! / 2).toBeLessThan(0);
    priors.dispose();
  });

  it("hold prior 8711 as the best of a known truth, IoU 0.6904", () => {
    const priors = ops.priorBoxes("ssd300-vgg16");
    const [truth, corners] = [
      Tensor.from(Float32Array.of(0.2333, 0.2067, 0.6967, 1), [1, 4]),
      ops.decode(Tensor.from(new Float32Array(8732 * 4), [8732, 4]), priors, [0.1, 0.2]),
    ];
    const overlaps = Array.from(ops.jaccard(truth, corners).toArray(), Number);
    const best = overlaps.indexOf(Math.max(...overlaps));
    expect(best).toBe(8711);
    expect(overlaps[best]).toBeCloseTo(0.6904, 4);

    const boxes = Float32Array.of(0.2333, 0.2067, 0.6967, 1);
    const { classes } = ops.match([{ boxes, labels: [0] }], priors);
    const positives = Array.from(classes.toArray(), Number);
    expect(positives[8711]).toBe(1);
  });
});
