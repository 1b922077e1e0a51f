import type { Box, Truth } from "../../lib/data/dataset.js";
import type { Seen } from "../../lib/data/statistics.js";

/** A truth of class 0. */
export const truth = (box: Box, more: Partial<Truth> = {}): Truth => ({
  label: 0,
  box,
  difficult: false,
  ...more,
});

/** A picture of 100x50 that was looked at, with truths. */
export function seen(image: string, truths: Truth[] = [], more: Partial<Seen> = {}): Seen {
  const size = { width: 100, height: 50 };
  return {
    item: { id: image, image, ...size, truths },
    size,
    colours: { space: "rgb", bits: 8, alpha: false },
    ...more,
  };
}
