import { readdir } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { Unusable } from "./reader.js";

// Names that files give to other files. A data set from anywhere must not reach out of its folder.

/** The path that `name` is in `root`; undefined when it leads out of it. */
export function pathInside(root: string, name: string): string | undefined {
  const way = relative(resolve(root), resolve(root, name));
  const leaves = way === "" || way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way);
  return leaves ? undefined : join(root, way);
}

/** Finds files below a folder by the names that other files give them. Each folder is listed once. */
export class NamedFiles {
  readonly #listed = new Map<string, Promise<Map<string, string>>>();

  constructor(readonly root: string) {}

  /**
   * The path of a picture.
   *
   * @param file Where the name stands, and in it `where`, for messages.
   * @throws Unusable "outside-folder" or "missing-picture"
   */
  async find(name: string, file: string, where: string): Promise<string> {
    const path = pathInside(this.root, name);
    if (path === undefined) {
      const message = `${where}: expected a picture in ${this.root}, got ${JSON.stringify(name)}, which leads out of it`;
      throw new Unusable("outside-folder", file, message);
    }
    // Written on Windows: there a backslash is what a slash is here.
    const other = name.includes("\\")
      ? pathInside(this.root, name.replaceAll("\\", "/"))
      : undefined;
    const found = (await this.#look(path)) ?? (other && (await this.#look(other)));
    if (found !== undefined) return found;
    const message = `${where}: expected a picture ${path}, got no such file`;
    throw new Unusable("missing-picture", file, message);
  }

  async #look(path: string): Promise<string | undefined> {
    const folder = dirname(path);
    let names = this.#listed.get(folder);
    if (names === undefined) {
      names = listed(folder);
      this.#listed.set(folder, names);
    }
    const name = (await names).get(basename(path).normalize("NFC"));
    return name && join(folder, name);
  }
}

/** Names in a folder by their composed form: some systems write accents as letters of their own. */
async function listed(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch(() => []);
  return new Map(names.map((name) => [name.normalize("NFC"), name]));
}
