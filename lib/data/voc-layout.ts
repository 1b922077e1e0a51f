import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { reason, SsdError, suggestion } from "../errors.js";
import {
  byStem,
  childrenNamed,
  isAnnotation,
  isPicture,
  pictureEnds,
  pictureName,
  subFolders,
} from "./folders.js";
import { linesOf, readText } from "./text.js";

/** Where the files of a VOC data set are, and which of them belong to the set that was asked for. */
export interface VocLayout {
  /** Folder of the pictures. */
  pictures: string;
  /** Folder of the annotations; may be the same. */
  annotations: string;
  /** Picture files by name without extension. */
  pictureOf: Map<string, string>;
  /** Annotation files by name without extension. */
  annotationOf: Map<string, string>;
  /** Names of the set in order: lines of its file, or the sorted names of the annotations. */
  names: string[];
  /** The set's file, when one says what belongs to it. */
  setFile?: string;
  /** Pictures without annotation; none when a set file says what belongs to the set. */
  unlabelled: string[];
}

/** Folders below the one given that are searched for a devkit. */
const searchDepth = 4;

/**
 * Finds the files of a VOC data set: a devkit (`Annotations`, `JPEGImages`, `ImageSets/Main`) at
 * `dir`, a flat folder there, or exactly one devkit below it.
 *
 * @throws SsdError BAD_DATA when there is none, several, no such set, or no picture
 */
export async function findVoc(dir: string, set: string | undefined): Promise<VocLayout> {
  const found = await stat(dir).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new SsdError(
      "BAD_DATA",
      `${dir}: expected a folder with pictures and VOC annotations, got ${found ? "a file" : "nothing there"}`,
    );
  }
  if (await isDevkit(dir)) return await devkit(dir, set);
  const flat = await findFlat(dir, set);
  if (flat !== undefined) return await flatLayout(flat);
  const below = await devkitsBelow(dir, searchDepth);
  if (below.length === 1) return await devkit(below[0]!, set);
  throw new SsdError("BAD_DATA", `${dir}: ${await whyNone(dir, set, below)}`);
}

async function isDevkit(dir: string): Promise<boolean> {
  const names = await readdir(dir);
  return names.includes("Annotations") && names.includes("JPEGImages");
}

async function devkit(dir: string, set: string | undefined): Promise<VocLayout> {
  const files = await listFiles(join(dir, "JPEGImages"), join(dir, "Annotations"));
  const sets = join(dir, "ImageSets", "Main");
  const known = (await readdir(sets).catch(() => []))
    .filter((name) => name.endsWith(".txt"))
    .map((name) => name.slice(0, -4));
  const name = set ?? (known.includes("trainval") ? "trainval" : undefined);
  if (name === undefined || (name === "all" && !known.includes(name))) return files;
  const file = join(sets, `${name}.txt`);
  if (!known.includes(name)) {
    throw new SsdError(
      "BAD_DATA",
      `${file}: expected the file of set "${name}", got none${suggestion(name, known)} (there are: ${known.join(", ") || "no sets"})`,
    );
  }
  const names = await readSet(file, files.annotationOf);
  return { ...files, names, setFile: file, unlabelled: [] };
}

/** Names in a set file. Further columns (VOC's per-class 1 and -1) and extensions are passed over. */
async function readSet(file: string, known: ReadonlyMap<string, string>): Promise<string[]> {
  const text = await readText(file).catch((error) => {
    throw new SsdError("BAD_DATA", `${file}: expected a readable file, got: ${reason(error)}`);
  });
  const lines = linesOf(text.normalize("NFC"));
  if (lines.length === 0) {
    throw new SsdError("BAD_DATA", `${file}: expected names of pictures, got an empty file`);
  }
  return lines.map((line) => {
    // A name may hold spaces itself, so the whole line comes first.
    const first = line.split(/\s+/)[0]!;
    const spellings = [line, line.replace(/\s+-?\d+$/, ""), first];
    const names = spellings.flatMap((name) => [name, name.replace(pictureName, "")]);
    return names.find((name) => known.has(name)) ?? first;
  });
}

interface Flat {
  pictures: string;
  annotations: string;
}

/** A folder of pictures with the XML beside them or in a folder `annotations` nearby. */
async function findFlat(dir: string, set: string | undefined): Promise<Flat | undefined> {
  const roots = [dir, ...(await childrenNamed(dir, /^(images|JPEGImages)$/i))];
  const folders =
    set === undefined
      ? roots
      : [
          ...roots.map((root) => join(root, set)),
          ...(await childrenNamed(join(dir, set), /^images$/i)),
        ];
  for (const pictures of folders) {
    const names = await readdir(pictures).catch(() => []);
    if (!names.some(isPicture)) continue;
    if (names.some(isAnnotation)) return { pictures, annotations: pictures };
    const annotations = await annotationsNear(pictures);
    if (annotations !== undefined) return { pictures, annotations };
  }
  return undefined;
}

/** For pictures in `images/`: `annotations/`; in `images/train/`: `annotations/train/` or above. */
async function annotationsNear(pictures: string): Promise<string | undefined> {
  const parent = dirname(pictures);
  const folders = [
    ...(await childrenNamed(pictures, /^annotations$/i)),
    ...(await childrenNamed(parent, /^annotations$/i)),
    ...(await childrenNamed(dirname(parent), /^annotations$/i)),
  ];
  for (const folder of folders) {
    for (const candidate of [join(folder, basename(pictures)), folder]) {
      const names = await readdir(candidate).catch(() => []);
      if (names.some(isAnnotation)) return candidate;
    }
  }
  return undefined;
}

async function flatLayout({ pictures, annotations }: Flat): Promise<VocLayout> {
  const files = await listFiles(pictures, annotations);
  // One folder of annotations may serve several folders of pictures: then the pictures decide.
  const own =
    basename(annotations) === basename(pictures) ||
    dirname(annotations) === pictures ||
    /^images$/i.test(basename(pictures));
  if (own) return files;
  return { ...files, names: files.names.filter((name) => files.pictureOf.has(name)) };
}

async function listFiles(pictures: string, annotations: string): Promise<VocLayout> {
  const pictureOf = byStem(pictures, (await readdir(pictures)).filter(isPicture));
  const annotationOf = byStem(annotations, (await readdir(annotations)).filter(isAnnotation));
  if (pictureOf.size === 0) {
    throw new SsdError("BAD_DATA", `${pictures}: expected pictures (${pictureEnds}), got none`);
  }
  const names = [...annotationOf.keys()].sort();
  const unlabelled = [...pictureOf.keys()].filter((name) => !annotationOf.has(name)).sort();
  return { pictures, annotations, pictureOf, annotationOf, names, unlabelled };
}

async function devkitsBelow(dir: string, depth: number): Promise<string[]> {
  if (depth === 0) return [];
  const found: string[] = [];
  for (const name of await subFolders(dir)) {
    const folder = join(dir, name);
    if (await isDevkit(folder)) found.push(folder);
    else found.push(...(await devkitsBelow(folder, depth - 1)));
  }
  return found;
}

async function whyNone(dir: string, set: string | undefined, below: string[]): Promise<string> {
  if (below.length > 1)
    return `expected one VOC devkit below, got ${below.length}: ${below.join(", ")}`;
  const roots = [dir, ...(await childrenNamed(dir, /^images$/i))];
  const sets: string[] = [];
  for (const root of roots) {
    for (const name of await subFolders(root)) {
      if ((await findFlat(root, name)) !== undefined) sets.push(name);
    }
  }
  if (sets.length > 0) {
    const known = `(there are: ${[...new Set(sets)].join(", ")})`;
    if (set === undefined) return `expected one of its folders as the set, got none ${known}`;
    return `expected a folder of set "${set}", got none${suggestion(set, sets)} ${known}`;
  }
  const where = set === undefined ? "" : ` in a folder "${set}"`;
  return `expected a VOC devkit, or pictures${where} with XML beside them or in a folder "annotations", got neither`;
}
