import { basename } from "node:path";
import type { DataSource, Dataset, Item, Truth } from "../data/dataset.js";
import { shuffled } from "../data/order.js";
import { type Decoded, decodePicture } from "../data/picture.js";
import { sharp } from "../data/sharp.js";
import { SsdError } from "../errors.js";
import { parseOptions } from "../options.js";
import { type Preset, resolvePreset } from "../presets.js";
import { augmentedCells } from "./augmented.js";
import { type SampleOptions, sampleOptions } from "./sample-options.js";
import { contactSheet, type SheetBox, type SheetCell } from "./sheet.js";

export type { SampleOptions } from "./sample-options.js";

/** Some pictures of a data set, and the drawing of them. */
export interface Samples {
  items: Item[];
  /** A PNG. */
  png: Buffer;
}

/**
 * Draws a data set's pictures with their labelled boxes into one: as many as `count`, picked by `seed`. More
 * of them begin with the same. What training leaves out (difficult, crowd) is dashed. With `augment` they
 * are shown as training sees them, which takes the engine.
 *
 * @throws SsdError BAD_DATA as reading does, and for a picture that cannot be decoded; BAD_OPTION
 */
export async function drawSamples(
  source: DataSource,
  { classes, picture, ...options }: SampleOptions = {},
): Promise<Samples> {
  const resolved = parseOptions(sampleOptions, options, "sample options");
  const { count, seed, augment, model = augment && "ssd300-mobilenetv2" } = resolved;
  const preset = model === undefined ? undefined : resolvePreset(model);
  const dataset = await source.read({ classes, picture });
  if (dataset.items.length === 0) {
    throw new SsdError(
      "BAD_DATA",
      `${dataset.spec}: expected at least one usable picture, got none`,
    );
  }
  const picked = shuffled(dataset.items.length, seed, 0).subarray(0, count);
  const items = [...picked].map((index) => dataset.items[index]!);
  const cells =
    augment === undefined || preset === undefined
      ? items.map((item) => () => cellOf(item, dataset, preset))
      : await augmentedCells(dataset, items, preset, { seed, augment });
  return { items, png: await contactSheet(cells, { classes: dataset.classes }) };
}

async function cellOf(
  item: Item,
  { classes, picture }: Dataset,
  preset?: Preset,
): Promise<SheetCell> {
  const decoded = await decodePicture(item.image, item, picture);
  const { width, height } = decoded;
  const caption = `${basename(item.image)}  ${width}x${height}`;
  const boxes = item.truths.map((truth) => boxOf(truth, classes));
  if (preset === undefined) return { picture: decoded, boxes, caption };
  const { size } = preset;
  const [byX, byY] = [size / width, size / height];
  return {
    picture: await stretched(decoded, size),
    boxes: boxes.map(({ box: [x1, y1, x2, y2], ...rest }) => ({
      ...rest,
      box: [x1 * byX, y1 * byY, x2 * byX, y2 * byY],
    })),
    caption: `${caption} as ${size}x${size}`,
  };
}

function boxOf({ label, box, difficult, crowd = false }: Truth, classes: string[]): SheetBox {
  const ignored = crowd ? "crowd" : difficult ? "difficult" : undefined;
  return { label: classes[label]!, box, ...(ignored === undefined ? {} : { ignored }) };
}

async function stretched({ data, width, height }: Decoded, side: number): Promise<Decoded> {
  const picture = sharp()(data, { raw: { width, height, channels: 3 } });
  // Bilinear, as the engine resizes.
  const { data: pixels } = await picture
    .resize({ width: side, height: side, fit: "fill", kernel: "linear" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: pixels, width: side, height: side };
}
