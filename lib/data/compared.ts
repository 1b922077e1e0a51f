import { reason } from "../errors.js";
import type { DataSource, Dataset, ReadOptions } from "./dataset.js";
import type { Part } from "./identical.js";
import type { Note } from "./notes.js";

/** The sets that a data set is compared with. */
export interface Compared {
  /** Disjoint sets of the same data; the one that is checked is one of them or holds several. */
  splits: Part[];
  /** Sets that were asked for. */
  others: Part[];
  notes: Note[];
}

/**
 * Reads the sets that a data set is compared with. What is wrong in them is for a check of their own.
 *
 * @param options.splits Whether to look for the source's own sets.
 * @throws SsdError BAD_DATA when one that was asked for is not there
 */
export async function readCompared(
  source: DataSource,
  dataset: Dataset,
  options: Pick<ReadOptions, "limit" | "picture"> & {
    splits: boolean;
    against: readonly DataSource[];
  },
): Promise<Compared> {
  const { limit, picture } = options;
  const read = async (part: DataSource): Promise<Part> =>
    part.spec === dataset.spec
      ? dataset
      : await part.read({ onProblem: "collect", limit, picture });
  const compared: Compared = { splits: [], others: [], notes: [] };
  for (const part of options.splits ? ((await source.splits?.()) ?? []) : []) {
    try {
      compared.splits.push(await read(part));
    } catch (error) {
      // Nobody asked for this one: VOC lists test sets whose pictures come in another archive.
      const message = `not compared with ${part.spec}: ${reason(error)}`;
      compared.notes.push({ message });
    }
  }
  for (const other of options.against) compared.others.push(await read(other));
  return compared;
}
