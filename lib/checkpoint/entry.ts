import { dtypeBytes } from "../native-engine.js";
import { objectBytes } from "./budget.js";
import { shown } from "./damage.js";
import type { Source } from "./source.js";
import { bytesOf, gather, isRowMajor, spanOf, type View } from "./strided.js";
import type { WeightEntry } from "./weights.js";

// Tensors out of whatever holds their bytes.

/** Bytes that tensors lie in: a part of a file, or a member of an archive. */
export interface Extent {
  /** Bytes. */
  readonly size: number;
  /** @throws SsdError BAD_CHECKPOINT when they are damaged. */
  read(begin: number, end: number): Promise<Uint8Array>;
  /** What such a read takes of memory, in bytes. */
  cost(begin: number, end: number): number;
}

/** A part of a file as it is. */
export function fileExtent(source: Source, position: number, size: number): Extent {
  return {
    size,
    read: (begin, end) => source.read(position + begin, end - begin),
    cost: (begin, end) => end - begin,
  };
}

/** What lies behind the first bytes of an extent. */
export function behind(extent: Extent, start: number): Extent {
  return {
    size: extent.size - start,
    read: (begin, end) => extent.read(start + begin, start + end),
    cost: (begin, end) => extent.cost(start + begin, start + end),
  };
}

/**
 * A tensor whose elements lie in an extent. Reading it is paid for here.
 *
 * @throws SsdError BAD_CHECKPOINT when the view leaves the extent, or takes too much memory.
 */
export function tensorEntry(source: Source, name: string, view: View, extent: Extent): WeightEntry {
  const width = dtypeBytes[view.dtype];
  const span = spanOf(view);
  const [begin, end] = [span.begin * width, span.end * width];
  if (!(end <= extent.size)) {
    throw source.bad(
      `tensor ${shown(name)}: expected elements in ${extent.size} bytes, got a view that ends at ${end}`,
    );
  }
  const dense = isRowMajor(view);
  const bytes = extent.cost(begin, end) + (dense ? 0 : bytesOf(view));
  source.budget.take(bytes + 8 * objectBytes + 2 * name.length, `tensor ${shown(name)}`);
  return {
    name,
    dtype: view.dtype,
    shape: view.shape,
    async read() {
      const bytes = await extent.read(begin, end);
      return dense ? bytes : gather(view, bytes);
    },
  };
}
