import { reason } from "../errors.js";
import type { DataSource, Item, Problem, ProblemKind } from "./dataset.js";
import { inOrder } from "./parallel.js";
import { decodePicture, fits, mismatchOf, readHeader } from "./picture.js";

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
}

export interface CheckOptions {
  /** The class list to hold the data to. By default the names found, sorted. */
  classes?: readonly string[];
  /** Look at the first so many pictures only. */
  limit?: number;
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
 * Looks for everything that is wrong with a data set: reads all annotations, decodes all pictures.
 *
 * Files that cannot be used are among the problems, not thrown: pictures missing, unreadable or
 * truncated, annotations missing or broken, classes unknown. So are boxes without area, outside,
 * of extreme aspect or there twice, and sizes that are not the picture's.
 *
 * @throws SsdError BAD_DATA when there is no such data set, or no such set in it
 */
export async function checkDataset(
  source: DataSource,
  { onProgress, ...options }: CheckOptions = {},
): Promise<DataCheck> {
  const dataset = await source.read({ ...options, onProblem: "collect" });
  const problems = [...dataset.problems];
  const counts = dataset.classes.map(() => 0);
  let items = 0;
  let at = 0;
  for await (const problem of inOrder(dataset.items, parallel, checkPicture)) {
    const { truths } = dataset.items[at++]!;
    if (problem !== undefined) problems.push(problem);
    if (problem === undefined || !isUnusable(problem)) {
      items++;
      for (const { label } of truths) counts[label]!++;
    }
    onProgress?.(at, dataset.items.length);
  }
  return {
    items,
    boxes: counts.reduce((sum, count) => sum + count, 0),
    classes: Object.fromEntries(dataset.classes.map((name, label) => [name, counts[label]!])),
    problems,
  };
}

async function checkPicture(item: Item): Promise<Problem | undefined> {
  const { image, annotation = image } = item;
  try {
    const header = await readHeader(image);
    // The whole picture: a truncated one has a good header.
    await decodePicture(image, item);
    if (fits(item, header)) return undefined;
    return { kind: "size-mismatch", file: annotation, message: mismatchOf(item, header) };
  } catch (error) {
    return { kind: "unreadable-picture", file: image, message: reason(error) };
  }
}
