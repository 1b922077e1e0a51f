import { checkCache } from "../data/cache-options.js";
import { type OpenPictures, openParts } from "../data/loader.js";
import { split } from "../data/order.js";
import type { Detector } from "../detector.js";
import { SsdError } from "../errors.js";
import type { TrainEvent } from "./events.js";
import type { ResolvedTrainOptions } from "./options.js";

/** The pictures of a run, decoded. */
export interface Prepared {
  train: OpenPictures;
  /** Absent when no picture is left to validate on. */
  val?: OpenPictures;
}

/**
 * Reads the data, keeps a part for validation when none is given, and decodes both.
 *
 * @throws SsdError BAD_DATA when a file cannot be used or nothing is left to train on; BAD_OPTION for a
 *   cache that the device does not have.
 */
export async function prepareData(
  student: Detector,
  options: ResolvedTrainOptions,
  emit: (event: TrainEvent) => void,
): Promise<Prepared> {
  const { data, val, limit, valFraction, fraction, seed } = options;
  const { cache, maxSide, picture, signal } = options;
  const { classes, device } = student;
  checkCache(cache, device);
  const all = await data.read({ classes, limit, picture });
  const indices = [...all.items.keys()];
  const [rest, kept] = split(indices, val === undefined ? valFraction : 0, seed);
  const [, own] = split(rest, fraction, seed);
  const others = await val?.read({ classes, picture });
  if (own.length === 0) {
    throw new SsdError("BAD_DATA", `${all.spec}: expected pictures to train on, got none`);
  }
  const problems = [...all.problems, ...(others?.problems ?? [])];
  emit({ kind: "data", train: own.length, val: others?.items.length ?? kept.length, problems });
  const open = { cache, maxSide, device, onEvent: emit, signal };
  // Decoded as one, so that another seed or fraction finds the same pictures.
  const parts = kept.length === 0 ? [own] : [own, kept];
  const [train, part] = await openParts(all, parts, open);
  if (others === undefined || others.items.length === 0) return { train: train!, val: part };
  try {
    const [given] = await openParts(others, [[...others.items.keys()]], open);
    return { train: train!, val: given };
  } catch (error) {
    train!.native.dispose();
    throw error;
  }
}
