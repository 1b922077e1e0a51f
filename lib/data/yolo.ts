import { basename } from "node:path";
import { z } from "zod";
import { reason } from "../errors.js";
import { parseOptions } from "../options.js";
import type { DataSource, Dataset, Item, ReadOptions } from "./dataset.js";
import { stemOf } from "./folders.js";
import { inOrder } from "./parallel.js";
import { decodedSize, readHeader, type Size } from "./picture.js";
import type { ResolvedPictureOptions } from "./picture-options.js";
import {
  labelsOf,
  orUnusable,
  ProblemLog,
  parseReadOptions,
  placeTruths,
  strangerIn,
  Unusable,
  type WrittenObject,
} from "./reader.js";
import { disjointSets } from "./splits.js";
import { readText } from "./text.js";
import { labelPaths, picturesOf } from "./yolo-files.js";
import { parseLabels } from "./yolo-labels.js";
import { readDataYaml, type YoloData, type YoloSet, yoloSets } from "./yolo-yaml.js";

/** Pictures whose headers and labels are read at the same time. */
const parallel = 16;

const yoloOptions = z.strictObject({
  set: z.enum(yoloSets).default("train").describe("what is read"),
});

export type YoloOptions = z.input<typeof yoloOptions>;

/**
 * Data in the form of YOLO, as Ultralytics has it: a data.yaml and a text file a picture.
 *
 * The yaml tells `names` (a list, or a map by number; `nc` must agree), `path` (by default the yaml's
 * folder) and for each set a folder, a list of folders, or a `.txt` with a picture a line. Paths that
 * lead out of `path` are refused. Labels are where the last folder `images` of a picture's path is
 * `labels`, or beside the picture; a line is `class cx cy width height` as shares of the picture's
 * sides, or an outline, whose bounding box is taken. A picture whose file of labels is empty or not
 * there has no objects.
 *
 * @param file Path of the data.yaml.
 * @param options.set `train` (default), `val` or `test`.
 * @throws SsdError BAD_OPTION; on `read` BAD_DATA when the yaml cannot be used or has no such set
 */
export function yolo(file: string, options: YoloOptions = {}): DataSource {
  const { set } = parseOptions(yoloOptions, options, "yolo");
  const spec = options.set === undefined ? `yolo:${file}` : `yolo:${file}:${set}`;
  return {
    spec,
    read: (readOptions) => read(file, set, spec, readOptions),
    splits: async () => {
      const { sets } = await readDataYaml(file);
      return disjointSets(Object.keys(sets)).map((other) =>
        other === set ? yolo(file, options) : yolo(file, { set: other as YoloSet }),
      );
    },
  };
}

/** One picture's files, read; the boxes not checked yet. */
interface Entry {
  image: string;
  /** The labels, when there are any. */
  file: string | undefined;
  size: Size;
  objects: WrittenObject[];
}

async function read(
  file: string,
  set: (typeof yoloSets)[number],
  spec: string,
  options: ReadOptions | undefined,
): Promise<Dataset> {
  const { classes: wanted, limit, onProblem, picture } = parseReadOptions(options);
  const data = await readDataYaml(file);
  const pictures = (await picturesOf(data, set, file)).slice(0, limit);
  const problems = new ProblemLog(onProblem);
  const classes = wanted ?? data.names;
  const labels = labelsOf(classes);
  const load = async (image: string | Unusable) =>
    image instanceof Unusable ? image : await orUnusable(() => entryOf(image, data, picture));
  const items: Item[] = [];
  for await (const entry of inOrder(pictures, parallel, load)) {
    const bad = entry instanceof Unusable ? entry : strangerOf(entry, labels);
    if (bad !== undefined) problems.unusable(bad);
    else items.push(itemOf(entry as Entry, labels, problems));
  }
  if (items.length > 0 && items.every(({ annotation }) => annotation === undefined)) {
    const [expected] = labelPaths(items[0]!.image, data.root);
    const message = `expected labels such as ${expected}, got none for any picture of set "${set}"`;
    problems.note("missing-annotation", file, message);
  }
  return { spec, classes: [...classes], items, problems: problems.list, picture };
}

async function entryOf(
  image: string,
  { root, names }: YoloData,
  picture: ResolvedPictureOptions,
): Promise<Entry> {
  const header = await readHeader(image, picture).catch((error) => {
    throw new Unusable("unreadable-picture", image, reason(error).replace(`${image}: `, ""));
  });
  const size = decodedSize(header, picture.exif);
  for (const file of labelPaths(image, root)) {
    const text = await readText(file).catch((error) => {
      if (error.code === "ENOENT") return undefined;
      throw new Unusable("broken-annotation", file, `expected text, got: ${reason(error)}`);
    });
    if (text !== undefined)
      return { image, file, size, objects: parseLabels(text, names, size, file) };
  }
  return { image, file: undefined, size, objects: [] };
}

function strangerOf(
  { objects, file }: Entry,
  labels: ReadonlyMap<string, number>,
): Unusable | undefined {
  return file === undefined ? undefined : strangerIn(objects, labels, file);
}

function itemOf(
  { image, file, size, objects }: Entry,
  labels: ReadonlyMap<string, number>,
  problems: ProblemLog,
): Item {
  const truths = placeTruths(objects, labels, size, file ?? image, problems);
  const annotation = file === undefined ? {} : { annotation: file };
  return { id: stemOf(basename(image)), image, ...annotation, ...size, truths };
}
