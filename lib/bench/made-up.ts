import { join } from "node:path";
import type { OverlayOptions } from "sharp";
import type { Box, Dataset, Item, Truth } from "../data/dataset.js";
import { inOrder } from "../data/parallel.js";
import { between, integer, type Random, stream } from "../data/random.js";
import { sharp } from "../data/sharp.js";

/** The usual size of a VOC picture. */
export const madeUpSize = { width: 500, height: 375 };

/** Writes JPEGs into a folder, noise with one to four labelled rectangles: as much work as photographs. */
export async function makeUp(dir: string, pictures: number): Promise<Dataset> {
  const items: Item[] = [];
  const indices = Array.from({ length: pictures }, (_, i) => i);
  for await (const item of inOrder(indices, 4, (index) => write(dir, index))) items.push(item);
  return { spec: `${pictures} made-up pictures`, classes: ["rectangle"], items, problems: [] };
}

async function write(dir: string, index: number): Promise<Item> {
  const random = stream(0, index);
  const boxes = Array.from({ length: integer(random, 1, 4) }, () => box(random));
  const noise = { type: "gaussian", mean: 128, sigma: 50 } as const;
  const create = { ...madeUpSize, channels: 3, background: "black", noise } as const;
  const image = join(dir, `${index}.jpg`);
  await sharp()({ create })
    .blur(2)
    .composite(boxes.map((each) => rectangle(random, each)))
    .jpeg({ quality: 90 })
    .toFile(image);
  const truths = boxes.map((each): Truth => ({ label: 0, box: each, difficult: false }));
  return { id: String(index), image, ...madeUpSize, truths };
}

/** A tenth to six tenths of the picture's sides. */
function box(random: Random): Box {
  const { width, height } = madeUpSize;
  const [w, h] = [width, height].map((side) => Math.round(side * between(random, 0.1, 0.6)));
  const [x, y] = [integer(random, 0, width - w!), integer(random, 0, height - h!)];
  return [x, y, x + w!, y + h!];
}

function rectangle(random: Random, [x1, y1, x2, y2]: Box): OverlayOptions {
  const [r, g, b] = [0, 1, 2].map(() => integer(random, 0, 255));
  const background = { r: r!, g: g!, b: b! };
  const create = { width: x2 - x1, height: y2 - y1, channels: 3, background } as const;
  return { input: { create }, left: x1, top: y1 };
}
