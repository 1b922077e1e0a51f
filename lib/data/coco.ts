import { basename } from "node:path";
import { z } from "zod";
import { parseOptions } from "../options.js";
import {
  type CocoFile,
  type CocoId,
  type CocoImage,
  type CocoObject,
  readCoco,
} from "./coco-file.js";
import type { Box, DataSource, Dataset, Item, ReadOptions } from "./dataset.js";
import { stemOf } from "./folders.js";
import { NamedFiles } from "./inside.js";
import { inOrder } from "./parallel.js";
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
import { type ToldSize, toldSize } from "./told-size.js";

/** Pictures that are looked for at the same time. */
const parallel = 16;

/** Options of {@link coco}; also those of `coco:IMAGES,JSON?…`. */
export const cocoOptions = z.strictObject({
  origin: z
    .union([z.literal(0), z.literal(1)], "expected 0 or 1")
    .default(0)
    .describe("what the first pixel's corner is called; 1 where VOC's corners were kept"),
});

export type CocoOptions = z.input<typeof cocoOptions>;

/**
 * Data in the form of COCO: one JSON file with `images`, `annotations` and `categories`.
 *
 * `images` is the folder that the `file_name`s are in, with subfolders or without; a name that leads
 * out of it is refused. Ids are anything. The classes are the categories in the order of their ids.
 * A `bbox` is x, y, width and height; outlines are passed over. `iscrowd` and `area` are kept for
 * evaluation, `ignore` and `difficult` are `difficult`. A picture without annotations has no objects.
 * Problems are named by the JSON and the annotation's index in it.
 *
 * @param options.origin 1 for files whose corners count pixels from 1, as VOC's do (some converters
 *   copy them): the corners are then moved by -1. By default 0.
 * @throws SsdError BAD_OPTION; on `read` BAD_DATA when the JSON cannot be used
 */
export function coco(images: string, json: string, options: CocoOptions = {}): DataSource {
  const { origin } = parseOptions(cocoOptions, options, "coco");
  const spec = `coco:${images},${json}${origin === 0 ? "" : `?origin=${origin}`}`;
  return { spec, read: (readOptions) => read({ images, json, origin, spec }, readOptions) };
}

interface Source {
  images: string;
  json: string;
  origin: 0 | 1;
  spec: string;
}

/** One picture, found; the boxes not checked yet. */
interface Entry extends ToldSize {
  image: string;
  objects: WrittenObject[];
}

async function read(source: Source, options: ReadOptions | undefined): Promise<Dataset> {
  const { classes: wanted, limit, onProblem, picture } = parseReadOptions(options);
  const file = await readCoco(source.json);
  const problems = new ProblemLog(onProblem);
  const objects = byImage(file, source.json, problems);
  const classes = wanted ?? [...file.categories.values()];
  const labels = labelsOf(classes);
  const load = entryLoader(source, file, objects, picture);
  const items: Item[] = [];
  for await (const entry of inOrder(file.images.slice(0, limit), parallel, load)) {
    const bad = entry instanceof Unusable ? entry : strangerIn(entry.objects, labels, source.json);
    if (bad !== undefined) problems.unusable(bad);
    else items.push(itemOf(entry as Entry, labels, source.json, problems));
  }
  return {
    spec: source.spec,
    classes: [...classes],
    items,
    problems: problems.list,
    picture,
    origin: source.origin,
  };
}

/** The annotations of each picture; those of none are noted. */
function byImage(
  { images, objects }: CocoFile,
  json: string,
  problems: ProblemLog,
): Map<CocoId | undefined, CocoObject[]> {
  const of = new Map<CocoId | undefined, CocoObject[]>(images.map(({ id }) => [id, []]));
  // What has no id is nobody's.
  of.delete(undefined);
  for (const object of objects) {
    const list = of.get(object.image);
    if (list !== undefined) list.push(object);
    else {
      const message = `expected an image_id of one of the images, got ${JSON.stringify(object.image) ?? "none"}; it is left out`;
      problems.note("unknown-image", json, message, object.index);
    }
  }
  return of;
}

/** What finds a picture's file and puts its annotations into the form of all readers. */
function entryLoader(
  { images, json, origin }: Source,
  { images: all, categories }: CocoFile,
  objects: ReadonlyMap<CocoId | undefined, CocoObject[]>,
  picture: ResolvedPictureOptions,
): (image: CocoImage) => Promise<Entry | Unusable> {
  const files = new NamedFiles(images);
  const first = new Map<CocoId | undefined, number>();
  for (const { id, index } of all) if (!first.has(id)) first.set(id, index);
  return (image) =>
    orUnusable(async () => {
      const where = `images[${image.index}]`;
      const broken = (message: string, index?: number) =>
        new Unusable("broken-annotation", json, message, index);
      if (image.broken !== undefined) throw broken(`${where}: expected ${image.broken}`);
      const twin = first.get(image.id)!;
      if (twin !== image.index) {
        throw broken(
          `${where}: expected an id of its own, got ${JSON.stringify(image.id)}, that of images[${twin}]`,
        );
      }
      const found = await files.find(image.name, json, where);
      const written = objects.get(image.id)!.map((object) => {
        const name = categories.get(object.category as CocoId);
        if (object.broken !== undefined) throw broken(`expected ${object.broken}`, object.index);
        if (name !== undefined) return writtenOf(object, name, origin);
        const message = `expected a category_id of one of the categories, got ${JSON.stringify(object.category) ?? "none"}`;
        throw new Unusable("unknown-class", json, message, object.index);
      });
      const boxes = written.map(({ box }) => box);
      const size = await toldSize(image.size, boxes, found, json, picture);
      return { image: found, objects: written, ...size };
    });
}

function writtenOf(
  { index, bbox, crowd, difficult, area }: CocoObject,
  name: string,
  origin: number,
): WrittenObject {
  const [x, y, width, height] = bbox as Box;
  return {
    name,
    index,
    box: [x - origin, y - origin, x + width - origin, y + height - origin],
    difficult,
    crowd,
    ...(area === undefined ? {} : { area }),
    written: `x ${x}, y ${y}, width ${width}, height ${height}`,
  };
}

function itemOf(
  { image, objects, size, mismatch }: Entry,
  labels: ReadonlyMap<string, number>,
  json: string,
  problems: ProblemLog,
): Item {
  if (mismatch !== undefined) problems.note("size-mismatch", image, mismatch);
  const truths = placeTruths(objects, labels, size, json, problems);
  return { id: stemOf(basename(image)), image, ...size, truths };
}
