import type { Dataset } from "../data/dataset.js";
import { type OpenPack, openPack } from "../data/loader.js";
import { split } from "../data/order.js";
import type { Detector } from "../detector.js";
import { SsdError } from "../errors.js";
import type { TrainEvent } from "./events.js";
import type { ResolvedTrainOptions } from "./options.js";

/** The pictures of a run, decoded. */
export interface Prepared {
  train: OpenPack;
  /** Absent when no picture is left to validate on. */
  val?: OpenPack;
}

/**
 * Reads the data, keeps a part for validation when none is given, and decodes both.
 *
 * @throws SsdError BAD_DATA when a file cannot be used or nothing is left to train on.
 */
export async function prepareData(
  student: Detector,
  options: ResolvedTrainOptions,
  emit: (event: TrainEvent) => void,
): Promise<Prepared> {
  const { data, val, limit, valFraction, fraction, seed, picture } = options;
  const classes = student.classes;
  const all = await data.read({ classes, limit, picture });
  const [trainItems, valItems] = split(all.items, val === undefined ? valFraction : 0, seed);
  const [, used] = split(trainItems, fraction, seed);
  const own: Dataset = { ...all, items: used };
  const other =
    val === undefined ? { ...all, items: valItems } : await val.read({ classes, picture });
  if (used.length === 0) {
    throw new SsdError("BAD_DATA", `${all.spec}: expected pictures to train on, got none`);
  }
  const problems = val === undefined ? all.problems : [...all.problems, ...other.problems];
  emit({ kind: "data", train: used.length, val: other.items.length, problems });
  const total = used.length + other.items.length;
  const train = await openPack(own, (done) => emit({ kind: "pack", done, total }));
  const decoded = (done: number) => emit({ kind: "pack", done: done + used.length, total });
  return other.items.length === 0 ? { train } : { train, val: await openPack(other, decoded) };
}
