import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeEach, describe, expect, test } from "vitest";
import type { Box, Dataset } from "../../../lib/data/dataset.js";
import { type OpenPictures, openLoader, openPictures } from "../../../lib/data/loader.js";
import type { AugmentSpec, DrawnLayer } from "../../../lib/native-loader.js";
import { augmentOptions } from "../../../lib/train/options.js";
import { ownCache, small } from "../../support/small.js";
import {
  deviationsApart,
  histogram,
  meansApart,
  type Spread,
  sharesApart,
  spread,
} from "../../support/statistics.js";
import { temporaryFolder } from "../../support/temporary.js";

// What the loader draws, over many pictures, against a plain restatement of SSD's augmentation
// (scripts/golden/augment.py). The seeds are fixed: a test passes always or never.

interface Run {
  name: string;
  truths: Box[];
  options: AugmentSpec;
  overlap: "reached" | "ignored";
  counts: Record<string, number[]>;
  numbers: Record<string, Spread>;
}

interface Reference {
  /** Width and height of every picture. */
  size: [number, number];
  runs: Run[];
}

const file = new URL("../../golden/augment-statistics.json", import.meta.url);
const { size, runs }: Reference = JSON.parse(readFileSync(file, "utf8"));
const [width, height] = size;

const pictures = 250;
const epochs = 80;
/** Standard errors: chance goes beyond once in two million. */
const limit = 5;
/** Fewer numbers have no standard error to speak of. */
const enough = 100;

/** The only layer of a picture, and how many truths it shows. */
type Drawn = Omit<DrawnLayer, "view"> & { view: View; kept: number };
type View = [left: number, top: number, width: number, height: number];

beforeEach(() => {
  ownCache();
});

describe("what is drawn is what SSD's augmentation draws", () => {
  for (const run of runs) {
    test(run.name, async () => {
      const drawn = await drawAll(run);
      expect(drawn).toHaveLength(pictures * epochs);
      for (const [what, errors] of apartFrom(run, drawn)) {
        expect(errors, `${what}: standard errors`).toBeLessThan(limit);
      }
    });
  }

  test("by the rule of overlaps that was asked for", async () => {
    const other = runs.find(({ overlap }) => overlap === "ignored")!;
    const errors = new Map(apartFrom(other, await drawAll({ ...other, overlap: "reached" })));
    expect(errors.get("mode")).toBeGreaterThan(4 * limit);
    expect(errors.get("area, mean")).toBeGreaterThan(4 * limit);
  });
});

/** What happened to every picture of every epoch. */
async function drawAll({ truths, options, overlap }: Run): Promise<Drawn[]> {
  const pack = await copies(truths);
  const augment = augmentOptions.parse({ ...options, overlap });
  const loader = openLoader(pack, small, { batch: 125, seed: 0, workers: 2, augment });
  const order = Uint32Array.from({ length: pictures }, (_, i) => i);
  const out: Drawn[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    loader.start(epoch, order, 0);
    for (let left = pictures; left > 0; ) {
      const { images, targets, drawn } = await loader.next();
      images.dispose();
      for (const [i, [layer]] of drawn.entries()) {
        const colour = options.photometric ? layer!.colour : null;
        const kept = targets[i]!.labels.length;
        out.push({ ...layer!, colour, view: layer!.view as View, kept });
      }
      left -= drawn.length;
    }
  }
  loader.dispose();
  pack.native.dispose();
  return out;
}

/** A pack of one picture many times over. */
async function copies(truths: readonly Box[]): Promise<OpenPictures> {
  const image = join(temporaryFolder(), "grey.png");
  const create = { width, height, channels: 3, background: "#808080" } as const;
  await sharp({ create }).png().toFile(image);
  const labelled = truths.map((box) => ({ box, label: 0, difficult: false }));
  const items = Array.from({ length: pictures }, (_, i) => {
    return { id: `${i}`, image, width, height, truths: labelled };
  });
  const dataset: Dataset = { spec: "copies", classes: ["thing"], items, problems: [] };
  return await openPictures(dataset);
}

/** Every statistic by name, in standard errors from the reference's. */
function* apartFrom({ counts, numbers, truths }: Run, drawn: Drawn[]): Generator<[string, number]> {
  const counted = countsOf(drawn, truths.length);
  expect(Object.keys(counted).sort()).toEqual(Object.keys(counts).sort());
  for (const [name, expected] of Object.entries(counts)) {
    yield [name, sharesApart(counted[name]!, expected)];
  }
  const found = numbersOf(drawn);
  for (const [name, expected] of Object.entries(numbers)) {
    const values = found[name] ?? [];
    if (Math.min(values.length, expected.n) < enough) continue;
    const actual = spread(values);
    yield [`${name}, mean`, meansApart(actual, expected)];
    yield [`${name}, deviation`, deviationsApart(actual, expected)];
  }
}

const neutral = { brightness: 0, contrast: 1, saturation: 1, hue: 0 };
const orders = ["0,1,2", "0,2,1", "1,0,2", "1,2,0", "2,0,1", "2,1,0"];

/** Each a histogram of all draws. */
function countsOf(drawn: readonly Drawn[], truths: number): Record<string, number[]> {
  const colours = drawn.flatMap(({ colour }) => colour ?? []);
  const changed = (key: keyof typeof neutral) =>
    histogram(
      colours.map((colour) => colour[key] !== neutral[key]),
      2,
    );
  const contrasts = colours.filter(({ contrast }) => contrast !== 1);
  const of = (value: (each: Drawn) => number | boolean, length: number) =>
    histogram(drawn.map(value), length);
  return {
    mode: of(({ mode }) => mode, 6),
    kept: of(({ kept }) => kept, truths + 1),
    mirror: of(({ mirror }) => mirror, 2),
    whole: of(isWhole, 2),
    outside: of(({ view: [x, y, w, h] }) => x < 0 || y < 0 || x + w > width || y + h > height, 2),
    brightness: changed("brightness"),
    contrast: changed("contrast"),
    saturation: changed("saturation"),
    hue: changed("hue"),
    contrastFirst: histogram(
      contrasts.map(({ contrastFirst }) => contrastFirst),
      2,
    ),
    channels: histogram(
      colours.map(({ channels }) => orders.indexOf(channels.join())),
      6,
    ),
  };
}

/** Of the views that are not the whole picture, relative to it, and of the colours that change. */
function numbersOf(drawn: readonly Drawn[]): Record<string, number[]> {
  const views = drawn.filter((each) => !isWhole(each)).map(({ view }) => view);
  const area = ([, , w, h]: View) => (w * h) / (width * height);
  // Of the room there is: 0 where view and picture begin together, 1 where they end together.
  const share = (start: number, length: number, whole: number) =>
    length === whole ? [] : [start / (whole - length)];
  const colours = drawn.flatMap(({ colour }) => colour ?? []);
  const changed = Object.entries(neutral).map(([key, nothing]) => {
    const values = colours.map((colour) => colour[key as keyof typeof neutral]);
    return [key, values.filter((value) => value !== nothing)];
  });
  const areas = [1, 2, 3, 4, 5].map((mode) => [
    `area of mode ${mode}`,
    drawn.filter((each) => each.mode === mode).map(({ view }) => area(view)),
  ]);
  return {
    left: views.map(([x]) => x / width),
    top: views.map(([, y]) => y / height),
    width: views.map(([, , w]) => w / width),
    height: views.map(([, , , h]) => h / height),
    area: views.map(area),
    aspect: views.map(([, , w, h]) => w / h),
    shareLeft: views.flatMap(([x, , w]) => share(x, w, width)),
    shareTop: views.flatMap(([, y, , h]) => share(y, h, height)),
    ...Object.fromEntries(areas),
    ...Object.fromEntries(changed),
  };
}

function isWhole({ view }: Drawn): boolean {
  return view.join() === `0,0,${width},${height}`;
}
