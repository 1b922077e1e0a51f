import { resolve } from "node:path";
import { parseOptions } from "../options.js";
import { type Preset, resolvePreset } from "../presets.js";
import { checkOptions } from "./check-options.js";
import { type Look, lookAt } from "./check-picture.js";
import { readCompared } from "./compared.js";
import type { DataSource, Item, Problem, ProblemKind, ReadOptions } from "./dataset.js";
import { findIdentical, type Part } from "./identical.js";
import { type Note, notesOn } from "./notes.js";
import { inOrder } from "./parallel.js";
import { fitPriors, type PriorFit, trainedTruths } from "./prior-fit.js";
import { type DataStatistics, type Seen, statisticsOf } from "./statistics.js";
import { type PriorSuggestion, suggestPriors } from "./suggest-priors.js";

/** Pictures that are decoded at the same time. */
const parallel = 4;

/** What {@link checkDataset} found. */
export interface DataCheck {
  /** Pictures that can be used. */
  items: number;
  /** Boxes on them that can be used. */
  boxes: number;
  /** Boxes of each class, in the order of the labels. */
  classes: Record<string, number>;
  problems: Problem[];
  /** What is worth knowing and no problem. */
  notes: Note[];
  statistics: DataStatistics;
  /** The boxes that are trained on against a preset's priors, with better ones where some are found. */
  priors: PriorFit & { suggestion?: PriorSuggestion };
}

/** How to check; every field optional. */
export interface CheckOptions extends Pick<ReadOptions, "classes" | "limit" | "picture"> {
  /** Name of a preset, or one of your own, whose priors the boxes are held against: ssd300-mobilenetv2. */
  model?: string | Preset;
  /** Whether pictures are compared with those of the data's other sets (train, val, test), true by default. */
  splits?: boolean;
  /** Further data that must have no picture of this one. */
  against?: readonly DataSource[];
  /** Called after each picture that was decoded. */
  onProgress?: (done: number, total: number) => void;
}

const unusable: ReadonlySet<ProblemKind> = new Set([
  "missing-picture",
  "missing-annotation",
  "unreadable-picture",
  "broken-annotation",
  "unknown-class",
  "outside-folder",
]);

/** Whether a problem makes its whole file unusable, not only a box in it. */
export function isUnusable({ kind }: Problem): boolean {
  return unusable.has(kind);
}

/**
 * Looks for everything that is wrong with a data set, and at what it is like: reads all annotations,
 * decodes all pictures, and those of the sets it is compared with.
 *
 * Files that cannot be used are among the problems, not thrown: pictures missing, unreadable or
 * truncated, annotations missing or broken, classes unknown. So are boxes without area, outside,
 * of extreme aspect or there twice, sizes that are not the picture's, and pictures that are there
 * twice by their pixels, in the set or in two sets that should share none.
 *
 * @throws SsdError BAD_DATA when there is no such data set, or no such set in it; BAD_OPTION
 */
export async function checkDataset(
  source: DataSource,
  { onProgress, model, splits, against, ...read }: CheckOptions = {},
): Promise<DataCheck> {
  const options = parseOptions(checkOptions, { model, splits, against }, "check options");
  const preset = resolvePreset(options.model);
  const dataset = await source.read({ ...read, onProblem: "collect" });
  const compared = await readCompared(source, dataset, { ...options, ...read });
  const parts = [...compared.splits, ...compared.others];
  const files = [...dataset.items, ...othersThan(dataset.items, parts)];
  const looks: Look[] = [];
  for await (const look of inOrder(files, parallel, (file) => lookAt(file, dataset.picture))) {
    looks.push(look);
    onProgress?.(looks.length, files.length);
  }
  const own = looks.slice(0, dataset.items.length);
  const seen = own.flatMap(({ picture }, i): Seen[] =>
    picture === undefined ? [] : [{ ...picture, item: dataset.items[i]! }],
  );
  const statistics = statisticsOf(seen, dataset.origin);
  const problems = own.flatMap(({ problem }) => problem ?? []);
  const identical = findIdentical(dataset.items, compared, digestsOf(files, looks));
  return {
    ...countBoxes(seen, dataset.classes),
    problems: [...dataset.problems, ...problems, ...identical],
    notes: [...compared.notes, ...notesOn(seen, statistics)],
    statistics,
    priors: await priorsFor(seen, dataset.classes, preset),
  };
}

/** The pictures of other sets, each file once, without those of the set itself. */
function othersThan(items: readonly Item[], parts: readonly Part[]): Item[] {
  const known = new Set(items.map(({ image }) => resolve(image)));
  const others: Item[] = [];
  for (const item of parts.flatMap((part) => part.items)) {
    const path = resolve(item.image);
    if (!known.has(path)) others.push(item);
    known.add(path);
  }
  return others;
}

/** Digests by path, of the pictures that could be decoded. */
function digestsOf(files: readonly Item[], looks: readonly Look[]): Map<string, string> {
  const digests = new Map<string, string>();
  for (const [i, { picture }] of looks.entries()) {
    if (picture !== undefined) digests.set(resolve(files[i]!.image), picture.digest);
  }
  return digests;
}

function countBoxes(
  seen: readonly Seen[],
  names: readonly string[],
): Pick<DataCheck, "items" | "boxes" | "classes"> {
  const counts = names.map(() => 0);
  for (const { item } of seen) for (const { label } of item.truths) counts[label]!++;
  return {
    items: seen.length,
    boxes: counts.reduce((sum, count) => sum + count, 0),
    classes: Object.fromEntries(names.map((name, label) => [name, counts[label]!])),
  };
}

async function priorsFor(
  seen: readonly Seen[],
  classes: readonly string[],
  preset: Preset,
): Promise<DataCheck["priors"]> {
  const truths = trainedTruths(seen);
  const fit = await fitPriors(truths, classes, preset);
  const suggestion = await suggestPriors(truths, preset, fit);
  return suggestion === undefined ? fit : { ...fit, suggestion };
}
