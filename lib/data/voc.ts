import type { DataSource, Dataset, Item, ReadOptions } from "./dataset.js";
import { inOrder } from "./parallel.js";
import {
  labelsOf,
  ProblemLog,
  parseReadOptions,
  placeTruths,
  strangerIn,
  Unusable,
} from "./reader.js";
import { loadEntry, type VocEntry } from "./voc-entry.js";
import { findVoc } from "./voc-layout.js";

/** Annotation files that are read at the same time. */
const parallel = 16;

/**
 * Data in the form of Pascal VOC: one XML file a picture.
 *
 * `dir` is a devkit (`Annotations`, `JPEGImages`, `ImageSets/Main`), a folder with exactly one
 * devkit somewhere below, or a flat folder: the XML beside the pictures, or `images/` and
 * `annotations/` side by side. Corners in the files count pixels from 1; the boxes read are
 * 0-based: `[xmin - 1, ymin - 1, xmax - 1, ymax - 1]`.
 *
 * A picture without annotation is not taken for an empty one: it is left out and stands in
 * `problems`. (A set file says itself what belongs to the set; what it leaves out is no problem.)
 *
 * @param options.set A devkit's set, by default `trainval` when it has one, else `all`: everything
 *   that is annotated. In a flat folder, the name of a folder of pictures in it.
 */
export function voc(dir: string, options: { set?: string } = {}): DataSource {
  const { set } = options;
  const spec = set === undefined ? `voc:${dir}` : `voc:${dir}:${set}`;
  return { spec, read: (readOptions) => read(dir, set, spec, readOptions) };
}

async function read(
  dir: string,
  set: string | undefined,
  spec: string,
  options: ReadOptions | undefined,
): Promise<Dataset> {
  const { classes: wanted, limit, onProblem, picture } = parseReadOptions(options);
  const layout = await findVoc(dir, set);
  const problems = new ProblemLog(onProblem);
  for (const name of layout.unlabelled) {
    const file = layout.pictureOf.get(name)!;
    problems.note("missing-annotation", file, "the picture has no annotation; it is left out");
  }
  const entries: VocEntry[] = [];
  const load = (name: string) => loadEntry(layout, name, picture);
  for await (const loaded of inOrder(layout.names.slice(0, limit), parallel, load)) {
    if (loaded instanceof Unusable) problems.unusable(loaded);
    else entries.push(loaded);
  }
  const classes = wanted ?? namesIn(entries);
  const labels = labelsOf(classes);
  const items: Item[] = [];
  for (const entry of entries) {
    const stranger = strangerIn(entry.annotation.objects, labels, entry.file);
    if (stranger === undefined) items.push(itemOf(entry, labels, problems));
    else problems.unusable(stranger);
  }
  return { spec, classes: [...classes], items, problems: problems.list, picture };
}

function namesIn(entries: readonly VocEntry[]): string[] {
  const names = entries.flatMap(({ annotation }) => annotation.objects.map(({ name }) => name));
  return [...new Set(names)].sort();
}

function itemOf(
  { id, image, file, annotation, size, mismatch }: VocEntry,
  labels: ReadonlyMap<string, number>,
  problems: ProblemLog,
): Item {
  if (mismatch !== undefined) problems.note("size-mismatch", file, mismatch);
  const truths = placeTruths(annotation.objects, labels, size, file, problems);
  return { id, image, annotation: file, ...size, truths };
}
