import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { reason, SsdError, suggestion } from "../errors.js";
import { parseOptions } from "../options.js";
import { cacheDir } from "./cache.js";
import type { DataSource } from "./dataset.js";
import { inOrder } from "./parallel.js";
import { stream } from "./random.js";
import { boundsOf, shapeKinds } from "./shapes-geometry.js";
import { renderScene } from "./shapes-render.js";
import { makeScene, type Scene } from "./shapes-scene.js";
import { sharp } from "./sharp.js";
import { voc } from "./voc.js";
import { makeWhole } from "./whole.js";

/** Changes with whatever changes the pictures, so that older folders are not taken for these. */
const generator = 1;
/** Share of `images` in the set `train`; the others are `val`. */
const trainShare = 0.8;
/** Pictures of the set `test`, as a share of `images` and on top of them. */
const testShare = 0.15;
/** Random numbers of test pictures start here: they are in no training set of any size. */
const firstTest = 1_000_000;

/** Options of {@link synthetic}; also those of `synthetic:shapes?…`. */
export const syntheticOptions = z.strictObject({
  images: z.int().positive().max(firstTest).default(400).describe("pictures of train and val"),
  seed: z.int().min(0).default(0).describe("another seed makes other pictures"),
  size: z.int().min(32).max(2048).default(160).describe("longer side in pixels, about"),
  set: z.enum(["train", "val", "trainval", "test"]).default("trainval").describe("what is read"),
  dir: z.string().min(1).optional().describe("folder; by default one in the cache"),
});

export type SyntheticOptions = z.input<typeof syntheticOptions>;
type Resolved = z.output<typeof syntheticOptions>;

const known = ["shapes"];

/**
 * Made-up pictures: circles, squares and triangles (0 to 5 a picture) on textured backgrounds.
 *
 * At the first `read` they are written as a VOC devkit into `dir` and later found there; a folder
 * is whole or not there. The pictures depend on `seed`, `size` and their number alone: a larger
 * set begins with a smaller one's. `train` holds 80 % of `images` (default 400), `val` the others;
 * `test` is 15 % on top, and in no training set of the same seed.
 *
 * @throws SsdError BAD_OPTION; on `read` BAD_DATA when the folder cannot be written or is another
 */
export function synthetic(name: "shapes", options: SyntheticOptions = {}): DataSource {
  if (!known.includes(name)) {
    const came = `got ${JSON.stringify(name)}${suggestion(String(name), known)}`;
    throw new SsdError("BAD_OPTION", `synthetic: expected ${known.join(", ")}, ${came}`);
  }
  const resolved = parseOptions(syntheticOptions, options, `synthetic ${name}`);
  const { images, seed, size, set, dir } = resolved;
  const query = new URLSearchParams({
    images: String(images),
    seed: String(seed),
    size: String(size),
    set,
    ...(dir === undefined ? {} : { dir }),
  });
  const spec = `synthetic:${name}?${query}`;
  return {
    spec,
    read: async (readOptions) => {
      const folder = await ensureWritten(resolved);
      const classes = readOptions?.classes ?? shapeKinds;
      return { ...(await voc(folder, { set }).read({ ...readOptions, classes })), spec };
    },
    splits: async () =>
      (["train", "val", "test"] as const).map((part) =>
        synthetic(name, { ...resolved, set: part }),
      ),
  };
}

const marker = "synthetic.json";

async function ensureWritten(options: Resolved): Promise<string> {
  const { images, seed, size } = options;
  const name = `shapes-v${generator}-${images}-seed${seed}-${size}`;
  const dir = options.dir ?? join(cacheDir(), "synthetic", name);
  if ((await markerOf(dir)) === name) return dir;
  try {
    await makeWhole(dir, async (temporary) => {
      await writeDevkit(temporary, options);
      await writeFile(join(temporary, marker), `${JSON.stringify({ name })}\n`);
    });
  } catch (error) {
    // Another process may have been first with the same pictures.
    const there = await markerOf(dir);
    if (there === name) return dir;
    const why =
      there === undefined ? reason(error) : `another set is there: ${there} instead of ${name}`;
    throw new SsdError(
      "BAD_DATA",
      `${dir}: expected a folder that synthetic pictures can be written to, got: ${why}`,
      { cause: error },
    );
  }
  return dir;
}

/** What a folder says it holds; undefined when it is not there or not one of ours. */
async function markerOf(dir: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(join(dir, marker), "utf8")) as { name?: string }).name;
  } catch {
    return undefined;
  }
}

async function writeDevkit(dir: string, { images, seed, size }: Resolved): Promise<void> {
  const folders = ["Annotations", "JPEGImages", join("ImageSets", "Main")];
  for (const folder of folders) await mkdir(join(dir, folder), { recursive: true });
  const sets = setsOf(images);
  const pictures = [...sets.trainval, ...sets.test];
  const write = ({ id, index }: Picture) =>
    writePicture(dir, id, makeScene(stream(seed, index), size));
  for await (const _ of inOrder(pictures, 4, write));
  for (const [set, members] of Object.entries(sets)) {
    const lines = members.map(({ id }) => `${id}\n`).join("");
    await writeFile(join(dir, "ImageSets", "Main", `${set}.txt`), lines);
  }
}

interface Picture {
  id: string;
  /** Of its random numbers. */
  index: number;
}

function setsOf(images: number): Record<"train" | "val" | "trainval" | "test", Picture[]> {
  const list = (count: number, prefix: string, first: number): Picture[] =>
    Array.from({ length: count }, (_, i) => ({
      id: `${prefix}${String(i).padStart(6, "0")}`,
      index: first + i,
    }));
  const trainval = list(images, "shapes_", 0);
  // Every set of two or more has something to train on and something to validate with.
  const train = Math.max(1, Math.min(images - 1, Math.round(images * trainShare)));
  return {
    trainval,
    train: trainval.slice(0, train),
    val: images > 1 ? trainval.slice(train) : trainval,
    test: list(Math.max(1, Math.round(images * testShare)), "test_", firstTest),
  };
}

async function writePicture(dir: string, id: string, scene: Scene): Promise<void> {
  const { data, width, height } = renderScene(scene);
  const picture = sharp()(data, { raw: { width, height, channels: 3 } }).jpeg({ quality: 90 });
  await writeFile(join(dir, "JPEGImages", `${id}.jpg`), await picture.toBuffer());
  await writeFile(join(dir, "Annotations", `${id}.xml`), annotationOf(id, scene));
}

function annotationOf(id: string, { width, height, shapes }: Scene): string {
  const objects = shapes.map(({ outline }) => {
    const [x1, y1, x2, y2] = boundsOf(outline);
    // VOC's corners are the first and the last pixel, counted from 1.
    const corners = {
      xmin: Math.floor(x1) + 1,
      ymin: Math.floor(y1) + 1,
      xmax: Math.ceil(x2),
      ymax: Math.ceil(y2),
    };
    const box = Object.entries(corners).map(([corner, value]) => `<${corner}>${value}</${corner}>`);
    return `  <object><name>${outline.kind}</name><difficult>0</difficult><bndbox>${box.join("")}</bndbox></object>\n`;
  });
  return `<annotation>
  <filename>${id}.jpg</filename>
  <size><width>${width}</width><height>${height}</height><depth>3</depth></size>
${objects.join("")}</annotation>
`;
}
