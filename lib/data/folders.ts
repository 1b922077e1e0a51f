import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

// Files of a data set by what their names tell: pictures, annotations, folders.

/** Ends of picture files' names. */
export const pictureName = /\.(jpe?g|png|webp|tiff?|avif)$/i;
/** The same for messages. */
export const pictureEnds = ".jpg, .jpeg, .png, .webp, .tif, .tiff, .avif";
const annotationName = /\.xml$/i;

/** Paths by name without extension; of two with one name the first in order counts. */
export function byStem(folder: string, files: string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (const file of files.sort()) {
    const stem = stemOf(file);
    if (!map.has(stem)) map.set(stem, join(folder, file));
  }
  return map;
}

/** A file's name without extension, composed: some systems write accents as letters of their own. */
export function stemOf(file: string): string {
  return file.replace(/\.[^.]*$/, "").normalize("NFC");
}

// Names with a leading dot are the leftovers of other systems' archives (`._a.jpg`).
export const isPicture = (name: string) => pictureName.test(name) && !name.startsWith(".");
export const isAnnotation = (name: string) => annotationName.test(name) && !name.startsWith(".");

/** Names of the folders in a folder, sorted; none when it cannot be read. */
export async function subFolders(dir: string): Promise<string[]> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => !name.startsWith("."));
  // stat, not the entry's type: a linked folder is a folder.
  const isFolder = async (name: string) =>
    (await stat(join(dir, name)).catch(() => undefined))?.isDirectory() ?? false;
  // A name with a picture's extension is no folder: thousands of files need no look.
  const likely = names.filter((name) => !isPicture(name) && !isAnnotation(name)).sort();
  const flags = await Promise.all(likely.map(isFolder));
  return likely.filter((_, i) => flags[i]);
}

/** Paths of the folders in `dir` whose names fit. */
export async function childrenNamed(dir: string, pattern: RegExp): Promise<string[]> {
  return (await subFolders(dir))
    .filter((name) => pattern.test(name))
    .map((name) => join(dir, name));
}
