import { basename } from "node:path";
import type { Dataset, Item } from "../data/dataset.js";
import { openLoader, openPictures } from "../data/loader.js";
import type { Decoded } from "../data/picture.js";
import type { NativeTensor } from "../native-engine.js";
import type { AugmentSpec } from "../native-loader.js";
import type { Preset } from "../presets.js";
import { Tensor } from "../tensor.js";
import type { SheetBox, SheetCell } from "./sheet.js";

/**
 * Pictures as training sees them: augmented by the engine's own loader, for the input of a preset, with
 * the truths that are left.
 */
export async function augmentedCells(
  dataset: Dataset,
  items: Item[],
  preset: Preset,
  { seed, augment }: { seed: number; augment: AugmentSpec },
): Promise<SheetCell[]> {
  const opened = await openPictures({ ...dataset, items });
  // The mean stays in the numbers' place and comes back below; deviations would only be undone.
  const plain = { ...preset, std: [1, 1, 1] as Preset["std"] };
  const loader = openLoader(opened, plain, { batch: 1, seed, workers: 1, augment });
  try {
    loader.start(
      0,
      Uint32Array.from(items, (_, i) => i),
      0,
    );
    const cells: SheetCell[] = [];
    for (const item of items) {
      const { images, targets } = await loader.next();
      const picture = toPicture(images, preset.mean);
      images.dispose();
      const boxes = [...targets[0]!.labels].map((label, i): SheetBox => {
        const corners = [...targets[0]!.boxes.subarray(4 * i, 4 * i + 4)];
        const box = corners.map((corner) => corner * preset.size) as SheetBox["box"];
        return { label: dataset.classes[label]!, box };
      });
      cells.push({ picture, boxes, caption: `${basename(item.image)}  augmented` });
    }
    return cells;
  } finally {
    loader.dispose();
    opened.native.dispose();
  }
}

/** A training picture `[1, 3, S, S]` of value - mean as RGB; the distortion goes past both ends of a byte. */
function toPicture(images: NativeTensor, mean: readonly number[]): Decoded {
  const side = images.shape[3]!;
  const planes = new Tensor(images).toArray() as Float32Array;
  const data = new Uint8ClampedArray(side * side * 3);
  for (let i = 0; i < side * side; i++) {
    for (let c = 0; c < 3; c++) data[i * 3 + c] = planes[c * side * side + i]! + mean[c]!;
  }
  return { data: new Uint8Array(data.buffer), width: side, height: side };
}
