import { createReadStream } from "node:fs";
import { reason, SsdError } from "../errors.js";
import { JsonSplitter } from "./json-stream.js";
import type { Size } from "./picture.js";

/** A key of an image or a category; `1` and `"1"` are two. */
export type CocoId = number | string;

/** An entry of `images`; with `broken` it is not one that can be used. */
export interface CocoImage {
  index: number;
  id: CocoId | undefined;
  name: string;
  size: Size | undefined;
  broken?: string;
}

/** An entry of `annotations`, outlines left out; with `broken` it is not one that can be used. */
export interface CocoObject {
  index: number;
  image: CocoId | undefined;
  category: CocoId | undefined;
  /** x, y, width, height as written; NaN for what is no number. */
  bbox: number[];
  crowd: boolean;
  difficult: boolean;
  area: number | undefined;
  broken?: string;
}

/** What a file of COCO's form says. */
export interface CocoFile {
  images: CocoImage[];
  /** Names by id, in the order of the ids. */
  categories: Map<CocoId, string>;
  /** Annotations in the file's order. */
  objects: CocoObject[];
}

const lists = ["images", "annotations", "categories"] as const;

/**
 * Reads a file of COCO's form, however large: its entries are taken out of it one by one.
 *
 * @throws SsdError BAD_DATA when it cannot be read, is no JSON, or none of COCO's form
 */
export async function readCoco(file: string): Promise<CocoFile> {
  const found: CocoFile = { images: [], categories: new Map(), objects: [] };
  const named: [CocoId, string][] = [];
  const splitter = new JsonSplitter(lists);
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
      for (const { list, index, value } of splitter.push(chunk as Buffer)) {
        if (list === "images") found.images.push(imageOf(value, index));
        else if (list === "annotations") found.objects.push(objectOf(value, index));
        else named.push(categoryOf(value, index));
      }
    }
    splitter.end();
    const missing = lists.find((list) => !splitter.seen.has(list));
    if (missing !== undefined) throw new Error(`no list "${missing}"`);
    found.categories = categoriesOf(named);
  } catch (error) {
    const expected = "expected COCO's JSON (an object with images, annotations and categories)";
    throw new SsdError("BAD_DATA", `${file}: ${expected}, got: ${reason(error)}`, { cause: error });
  }
  return found;
}

type Entry = Record<string, unknown>;

/** An entry's members; none of what is no object. */
function entryOf(value: unknown): Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Entry)
    : {};
}

function idOf(value: unknown): CocoId | undefined {
  // Two whole numbers over 2^53 may be read as one.
  return typeof value === "string" || Number.isSafeInteger(value) ? (value as CocoId) : undefined;
}

const isPositive = (value: unknown): value is number => Number.isFinite(value) && Number(value) > 0;

/** A value as a message shows it. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "none";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function imageOf(value: unknown, index: number): CocoImage {
  const { id, file_name: name, width, height } = entryOf(value);
  const size = isPositive(width) && isPositive(height) ? { width, height } : undefined;
  const image: CocoImage = { index, id: idOf(id), name: String(name), size };
  if (image.id === undefined)
    image.broken = `an id that is a whole number or a text, got ${shown(id)}`;
  else if (typeof name !== "string" || name === "")
    image.broken = `a file_name, got ${shown(name)}`;
  return image;
}

function objectOf(value: unknown, index: number): CocoObject {
  const { image_id: image, category_id: category, bbox, area, ...flags } = entryOf(value);
  const sides = Array.isArray(bbox) ? bbox : [];
  const object: CocoObject = {
    index,
    image: idOf(image),
    category: idOf(category),
    bbox: sides.map((side) => (typeof side === "number" ? side : Number.NaN)),
    crowd: Boolean(flags.iscrowd),
    difficult: Boolean(flags.ignore) || Boolean(flags.difficult),
    area: typeof area === "number" && area >= 0 ? area : undefined,
  };
  if (sides.length !== 4) object.broken = `a bbox [x, y, width, height], got ${shown(bbox)}`;
  return object;
}

function categoryOf(value: unknown, index: number): [CocoId, string] {
  const { id, name } = entryOf(value);
  const known = idOf(id);
  if (known !== undefined && typeof name === "string" && name !== "") return [known, name];
  throw new Error(`categories[${index}] without an id or a name: ${shown(value)}`);
}

function categoriesOf(named: readonly [CocoId, string][]): Map<CocoId, string> {
  if (named.length === 0) throw new Error("no categories");
  const before = (a: CocoId, b: CocoId) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1;
  const categories = new Map<CocoId, string>();
  const ids = new Map<string, CocoId>();
  for (const [id, name] of [...named].sort(([a], [b]) => before(a, b))) {
    if (categories.has(id)) throw new Error(`two categories of the id ${shown(id)}`);
    const twin = ids.get(name);
    if (twin !== undefined) {
      throw new Error(`the category "${name}" twice, with the ids ${shown(twin)} and ${shown(id)}`);
    }
    categories.set(id, name);
    ids.set(name, id);
  }
  return categories;
}
