import type { Tensor } from "../../lib/tensor.js";

/** Where tests compute that can do so anywhere: `SSD_DISTILL_TEST_DEVICE`, by default the CPU. */
export const testDevice = process.env.SSD_DISTILL_TEST_DEVICE || "cpu";

/** A tensor there; the one that was given is gone when it was elsewhere. */
export function there(tensor: Tensor): Tensor {
  if (testDevice === "cpu") return tensor;
  const moved = tensor.to(testDevice);
  tensor.dispose();
  return moved;
}
