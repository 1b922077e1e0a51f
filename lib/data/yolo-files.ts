import { readdir, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { reason, SsdError } from "../errors.js";
import { subFolders } from "./folders.js";
import { NamedFiles, pathInside } from "./inside.js";
import { orUnusable, type Unusable } from "./reader.js";
import { linesOf, readText } from "./text.js";
import type { YoloData, YoloSet } from "./yolo-yaml.js";

/** Pictures to Ultralytics. Some are none to us: those are problems, not passed over. */
const pictureName = /\.(avif|bmp|dng|hei[cf]|jpe?g|jp2|mpo|pfm|png|tiff?|webp)$/i;
/** Folders in folders; a link to one of those above would go on without an end. */
const deepest = 16;

/**
 * The pictures of a set: those below its folders by name, and those of its lists as they stand there.
 *
 * @throws SsdError BAD_DATA when there is no such set, or no picture
 */
export async function picturesOf(
  data: YoloData,
  set: YoloSet,
  file: string,
): Promise<(string | Unusable)[]> {
  const paths = data.sets[set];
  if (paths === undefined) {
    const known = Object.keys(data.sets).join(", ") || "none";
    throw new SsdError(
      "BAD_DATA",
      `${file}: expected a set "${set}", got none (there are: ${known})`,
    );
  }
  const pictures: (string | Unusable)[] = [];
  for (const written of paths) {
    const path = await setPath(data.root, written, set, file);
    const isList = /\.txt$/i.test(path);
    for (const picture of isList ? await listed(data.root, path) : await below(path)) {
      pictures.push(picture);
    }
  }
  if (pictures.length > 0) return pictures;
  throw new SsdError(
    "BAD_DATA",
    `${file}: expected pictures in set "${set}", got none in ${paths.join(", ")}`,
  );
}

async function setPath(root: string, written: string, set: string, file: string): Promise<string> {
  const isThere = async (path: string) => (await stat(path).catch(() => undefined)) !== undefined;
  // Roboflow writes paths as from a folder that is not there.
  const climbs = written.startsWith("../") && !(await isThere(resolve(root, written)));
  const path = written === "." ? root : pathInside(root, climbs ? written.slice(3) : written);
  if (path === undefined) {
    throw new SsdError(
      "BAD_DATA",
      `${file}: expected "${set}" in ${root}, got ${JSON.stringify(written)}, which leads out of it; "path" names another folder`,
    );
  }
  if (await isThere(path)) return path;
  throw new SsdError("BAD_DATA", `${file}: expected a folder or a list "${set}", got no ${path}`);
}

/** Pictures in a folder and in those in it, in the order of their paths. */
async function below(folder: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (dir: string, depth: number): Promise<void> => {
    const names = await readdir(dir).catch((error) => {
      throw new SsdError(
        "BAD_DATA",
        `${dir}: expected a folder of pictures, got: ${reason(error)}`,
      );
    });
    for (const name of names) {
      if (pictureName.test(name) && !name.startsWith(".")) found.push(join(dir, name));
    }
    if (depth === 0) return;
    for (const name of await subFolders(dir)) await visit(join(dir, name), depth - 1);
  };
  await visit(folder, deepest);
  return found.sort();
}

/** Pictures of a list, a path a line: from the list's folder when it begins with `./`, else from the root. */
async function listed(root: string, list: string): Promise<(string | Unusable)[]> {
  const text = await readText(list).catch((error) => {
    throw new SsdError("BAD_DATA", `${list}: expected a list of pictures, got: ${reason(error)}`);
  });
  const files = new NamedFiles(root);
  const here = relative(root, dirname(list));
  const find = (line: string, i: number) =>
    orUnusable(() => {
      const name = line.startsWith("./") && !isAbsolute(line) ? join(here, line) : line;
      return files.find(name, list, `line ${i + 1}`);
    });
  return await Promise.all(linesOf(text).map(find));
}

/**
 * Where a picture's labels are by Ultralytics' rule, the more likely place first: the last folder
 * `images` on the way is `labels` there. Without such a folder they are beside the picture.
 */
export function labelPaths(image: string, root: string): string[] {
  const beside = image.replace(/\.[^./]*$/, ".txt");
  const apart = beside.replace(/^(.*)\/images\//, "$1/labels/");
  if (apart === beside) return [beside];
  // A folder `images` far above the data need not be one of its own.
  const own = `/${relative(root, image)}`.includes("/images/");
  return own ? [apart] : [apart, beside];
}
