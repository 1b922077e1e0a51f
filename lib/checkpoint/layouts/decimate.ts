import { dtypeBytes } from "../../native-engine.js";
import type { WeightEntry } from "../weights.js";
import type { Decimation } from "./layout.js";

/** The tensor with every `steps[k]`-th element along axis k; as it is when it is not that large. */
export function decimated(entry: WeightEntry, { shape, steps }: Decimation): WeightEntry {
  if (count(entry.shape) !== count(shape)) return entry;
  const kept = shape.map((side, axis) => Math.ceil(side / steps[axis]!));
  return {
    name: entry.name,
    dtype: entry.dtype,
    shape: kept,
    read: async () => pick(await entry.read(), shape, steps, kept, dtypeBytes[entry.dtype]),
  };
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function pick(
  from: Uint8Array,
  shape: readonly number[],
  steps: readonly number[],
  kept: readonly number[],
  size: number,
): Uint8Array {
  const to = new Uint8Array(count(kept) * size);
  const at = kept.map(() => 0);
  for (let offset = 0; offset < to.length; offset += size) {
    const index = at.reduce((sum, k, axis) => sum * shape[axis]! + k * steps[axis]!, 0);
    for (let byte = 0; byte < size; byte++) to[offset + byte] = from[index * size + byte]!;
    for (let axis = at.length - 1; axis >= 0; axis--) {
      at[axis]! += 1;
      if (at[axis]! < kept[axis]!) break;
      at[axis] = 0;
    }
  }
  return to;
}
