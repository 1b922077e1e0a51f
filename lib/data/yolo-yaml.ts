import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { reason, SsdError } from "../errors.js";
import { readText } from "./text.js";

export const yoloSets = ["train", "val", "test"] as const;
export type YoloSet = (typeof yoloSets)[number];

/** What a data.yaml says. */
export interface YoloData {
  /** Folder everything is in, absolute. */
  root: string;
  /** Class names in the order of their numbers. */
  names: string[];
  /** Folders, or lists of pictures, of each set that is there; as written. */
  sets: Partial<Record<YoloSet, string[]>>;
}

/** Names of all of ImageNet's 21 841 classes take half of it. */
const largest = 1 << 20;
const mostClasses = 100_000;

/**
 * Reads a data.yaml of Ultralytics' form.
 *
 * @throws SsdError BAD_DATA when it cannot be read, is no YAML, or none of that form
 */
export async function readDataYaml(file: string): Promise<YoloData> {
  const fail = (got: string, cause?: unknown) =>
    new SsdError("BAD_DATA", `${file}: expected a data.yaml, got: ${got}`, { cause });
  let told: unknown;
  try {
    told = parseYaml(await readText(file, largest));
  } catch (error) {
    throw fail(reason(error), error);
  }
  if (!isMap(told)) throw fail("no keys such as names and train");
  const names = namesOf(told, fail);
  const sets = Object.fromEntries(
    yoloSets.flatMap((set) => {
      // Ultralytics takes the longer word too.
      const value = told[set] ?? (set === "val" ? told.validation : undefined);
      const list = (Array.isArray(value) ? value : [value]).filter(
        (v) => v !== "" && v !== undefined,
      );
      if (list.length === 0) return [];
      if (list.every((entry) => typeof entry === "string")) return [[set, list]];
      throw fail(`"${set}" that is neither a path nor a list of paths`);
    }),
  );
  if (told.path !== undefined && typeof told.path !== "string")
    throw fail('"path" that is no path');
  return { root: await rootOf(file, told.path ?? ""), names, sets };
}

type Map = Record<string, unknown>;
const isMap = (value: unknown): value is Map =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** YAML as text, lists and maps alone: "no" and "007" stay names, and no tag makes anything. */
function parseYaml(text: string): unknown {
  // Keys twice are not looked for: that takes the square of their number. The last counts, as in Python.
  const options = { schema: "failsafe", uniqueKeys: false, logLevel: "silent" } as const;
  const document = parseDocument(text, options);
  const [error] = document.errors;
  if (error !== undefined) throw new Error(error.message.split("\n")[0]!.replace(/:$/, ""));
  return document.toJS({ maxAliasCount: 100 });
}

function namesOf({ names, nc }: Map, fail: (got: string) => SsdError): string[] {
  const count = nc === undefined ? undefined : Number(nc);
  if (count !== undefined && !(Number.isInteger(count) && count > 0 && count <= mostClasses)) {
    throw fail(`nc ${JSON.stringify(nc)}, not a number of classes`);
  }
  // Ultralytics calls them so.
  if (names === undefined && count !== undefined) {
    return Array.from({ length: count }, (_, i) => `class_${i}`);
  }
  const list = Array.isArray(names) ? names : isMap(names) ? inOrder(names, fail) : [];
  if (list.length === 0) throw fail("no names, neither a list nor a map by number");
  if (count !== undefined && count !== list.length)
    throw fail(`nc ${count}, but ${list.length} names`);
  list.forEach((name, i) => {
    if (typeof name !== "string" || name === "") throw fail(`a name ${i} that is no text`);
    const twin = list.indexOf(name);
    if (twin < i) throw fail(`the name "${name}" twice, for the classes ${twin} and ${i}`);
  });
  return list as string[];
}

function inOrder(names: Map, fail: (got: string) => SsdError): unknown[] {
  const keys = Object.keys(names);
  return keys.map((_, i) => {
    if (Object.hasOwn(names, String(i))) return names[i];
    throw fail(`names of ${keys.length} classes without one of class ${i}`);
  });
}

/** The yaml's `path` is meant from its own folder; Ultralytics takes it from the working folder. */
async function rootOf(file: string, path: string): Promise<string> {
  const own = resolve(dirname(file), path);
  for (const candidate of [own, resolve(path)]) {
    if ((await stat(candidate).catch(() => undefined))?.isDirectory()) return candidate;
  }
  throw new SsdError("BAD_DATA", `${file}: expected a folder "path", got ${own}, which is none`);
}
