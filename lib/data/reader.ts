import { z } from "zod";
import { SsdError } from "../errors.js";
import { parseOptions } from "../options.js";
import type { Box, Problem, ProblemKind, ReadOptions, Truth } from "./dataset.js";
import { pictureOptions } from "./picture-options.js";

// What the readers of all formats share: options, problems, and how a written box becomes a truth.

const readOptions = z.strictObject({
  classes: z
    .array(z.string().min(1))
    .min(1)
    .refine((names) => new Set(names).size === names.length, "expected different names")
    .optional()
    .describe("the class list to hold the data to"),
  limit: z.int().positive().optional().describe("take only the first so many pictures"),
  onProblem: z.enum(["throw", "collect"]).default("throw").describe("files that cannot be used"),
  picture: pictureOptions.prefault({}),
});

/** Checks the options of a `read`. @throws SsdError BAD_OPTION */
export function parseReadOptions(options: ReadOptions | undefined): z.output<typeof readOptions> {
  return parseOptions(readOptions, options, "read options");
}

/** A file that cannot be used: what a reader throws inside, before it is known what to do about it. */
export class Unusable extends Error {
  constructor(
    readonly kind: ProblemKind,
    readonly file: string,
    message: string,
    readonly object?: number,
  ) {
    super(message);
  }
}

/** Collects problems; those of files that cannot be used are thrown when the caller wants it so. */
export class ProblemLog {
  readonly list: Problem[] = [];
  readonly #mode: "throw" | "collect";

  constructor(mode: "throw" | "collect") {
    this.#mode = mode;
  }

  /** Something that is put right or passed over. */
  note(kind: ProblemKind, file: string, message: string, object?: number): void {
    this.list.push({ kind, file, ...(object === undefined ? {} : { object }), message });
  }

  /** A file that has to be left out. @throws SsdError BAD_DATA in mode "throw" */
  unusable({ kind, file, message, object }: Unusable): void {
    if (this.#mode === "throw") {
      const where = object === undefined ? file : `${file}, object ${object}`;
      throw new SsdError("BAD_DATA", `${where}: ${message}`);
    }
    this.note(kind, file, message, object);
  }
}

/** An object as a file tells it. */
export interface WrittenObject {
  name: string;
  /** Pixels, 0-based; not checked yet. */
  box: Box;
  difficult: boolean;
  /** COCO's `iscrowd`; false by default. */
  crowd?: boolean;
  /** Square pixels, where the file tells them. */
  area?: number;
  /** The box in the file's own words, for messages. */
  written: string;
  /** Its index in the file, where that is not its place in the picture's list. */
  index?: number;
}

/** The number a text is, NaN when it is none (`Number` takes an empty one for 0). */
export function numberOf(value: unknown): number {
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

/** The first object whose class is none of the list's, as a problem. */
export function strangerIn(
  objects: readonly WrittenObject[],
  labels: ReadonlyMap<string, number>,
  file: string,
): Unusable | undefined {
  const at = objects.findIndex(({ name }) => !labels.has(name));
  if (at < 0) return undefined;
  const { name, index = at } = objects[at]!;
  const message = `expected one of the classes ${[...labels.keys()].join(", ")}, got "${name}"`;
  return new Unusable("unknown-class", file, message, index);
}

/** Label of each class name. */
export function labelsOf(classes: readonly string[]): Map<string, number> {
  return new Map(classes.map((name, label) => [name, label]));
}

/** What `work` returns, or the {@link Unusable} it throws, which is told when its turn comes. */
export async function orUnusable<T>(work: () => Promise<T>): Promise<T | Unusable> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Unusable) return error;
    throw error;
  }
}

/** Width over height, or its inverse, from which a box is reported as extreme. */
const extremeAspect = 20;

/**
 * The truths among a file's objects. Degenerate boxes are left out, boxes that reach outside the
 * picture are clipped; both, duplicates and extreme aspects are noted with the object's index.
 *
 * @param labels Label of each class name; every name of `objects` is in it.
 */
export function placeTruths(
  objects: readonly WrittenObject[],
  labels: ReadonlyMap<string, number>,
  size: { width: number; height: number },
  file: string,
  problems: ProblemLog,
): Truth[] {
  const truths: Truth[] = [];
  const seen = new Map<string, number>();
  objects.forEach((object, at) => {
    const { index = at, crowd = false, area } = object;
    const note = (kind: ProblemKind, what: string) =>
      problems.note(kind, file, `"${object.name}" at ${object.written} ${what}`, index);
    const placed = placeBox(object.box, size);
    if (placed.problem !== undefined) note(placed.problem, placed.what);
    if (placed.box === undefined) return;
    const key = `${object.name}\n${object.box.join()}`;
    const twin = seen.get(key);
    if (twin === undefined) seen.set(key, index);
    else note("duplicate", `is the same as object ${twin}`);
    const [x1, y1, x2, y2] = placed.box;
    const aspect = (x2 - x1) / (y2 - y1);
    if (Math.max(aspect, 1 / aspect) >= extremeAspect) {
      note("extreme", `is ${x2 - x1}x${y2 - y1} pixels, an aspect no prior comes near to`);
    }
    truths.push({
      label: labels.get(object.name)!,
      box: placed.box,
      difficult: object.difficult,
      ...(crowd ? { crowd } : {}),
      ...(area === undefined ? {} : { area }),
    });
  });
  return truths;
}

type Placed =
  | { box: Box; problem?: undefined }
  | { box?: Box; problem: "not-finite" | "zero-area" | "outside"; what: string };

/** Clips a box to a picture; without `box` there is nothing of it to use. */
export function placeBox(box: Box, { width, height }: { width: number; height: number }): Placed {
  const [x1, y1, x2, y2] = box;
  if (!box.every(Number.isFinite)) {
    return { problem: "not-finite", what: "is not four finite numbers; it is left out" };
  }
  if (x2 <= x1 || y2 <= y1) return { problem: "zero-area", what: "has no area; it is left out" };
  const clipped: Box = [
    Math.max(x1, 0),
    Math.max(y1, 0),
    Math.min(x2, width),
    Math.min(y2, height),
  ];
  const picture = `the picture of ${width}x${height} pixels`;
  if (clipped[2] <= clipped[0] || clipped[3] <= clipped[1]) {
    return { problem: "outside", what: `lies wholly outside ${picture}; it is left out` };
  }
  if (clipped.every((value, i) => value === box[i])) return { box };
  return { box: clipped, problem: "outside", what: `reaches outside ${picture}; it is clipped` };
}
