import { extname } from "node:path";
import type { Colours } from "./colours.js";
import type { Dataset, Item, Truth } from "./dataset.js";
import { aspectEdges, type Bin, histogram, sizeEdges } from "./histogram.js";
import type { Size } from "./picture.js";

/** A picture that can be used, as it was decoded. */
export interface Seen {
  item: Item;
  size: Size;
  colours: Colours;
}

/** Where boxes begin and end, in the files' own counting. */
export interface Corners {
  /** What the files count pixels from. */
  origin: 0 | 1;
  /** The smallest x1 and y1 as written. */
  smallest: [x: number, y: number];
  /** The least that any x2 as written lies below the width, and y2 below the height. */
  margin: [x: number, y: number];
}

/** What the usable pictures of a data set are like. */
export interface DataStatistics {
  /** Sizes in pixels, the commonest first. */
  sizes: (Size & { pictures: number })[];
  /** Pictures by file extension as it is spelled. */
  extensions: Record<string, number>;
  /** The commonest first. */
  colours: (Colours & { pictures: number })[];
  /** Null without boxes. */
  corners: Corners | null;
  /** Boxes that are evaluated apart and not trained on. */
  difficult: number;
  crowd: number;
  /** Pictures without boxes. */
  empty: number;
  /** Boxes by the square root of their share of the picture. */
  boxSizes: Bin[];
  /** Boxes by width over height, each as a share of the picture's: as a square input sees them. */
  aspects: Bin[];
}

export function statisticsOf(seen: readonly Seen[], origin: Dataset["origin"] = 0): DataStatistics {
  const truths = seen.flatMap(({ item }) => item.truths);
  const shares = seen.flatMap(({ item, size }) => item.truths.map((truth) => shareOf(truth, size)));
  return {
    sizes: countEach(seen, ({ size: { width, height } }) => ({ width, height })),
    extensions: Object.fromEntries(
      countEach(seen, ({ item }) => ({ extension: extname(item.image) })).map(
        ({ extension, pictures }) => [extension, pictures],
      ),
    ),
    colours: countEach(seen, ({ colours }) => colours),
    corners: truths.length === 0 ? null : cornersOf(seen, origin),
    difficult: truths.filter(({ difficult }) => difficult).length,
    crowd: truths.filter(({ crowd }) => crowd).length,
    empty: seen.filter(({ item }) => item.truths.length === 0).length,
    boxSizes: histogram(
      shares.map(([width, height]) => Math.sqrt(width * height)),
      sizeEdges,
    ),
    aspects: histogram(
      shares.map(([width, height]) => width / height),
      aspectEdges,
    ),
  };
}

/** A box's sides as shares of its picture's. */
function shareOf({ box }: Truth, { width, height }: Size): [width: number, height: number] {
  return [(box[2] - box[0]) / width, (box[3] - box[1]) / height];
}

/** Pictures by a property, the commonest first. */
function countEach<T extends object>(
  seen: readonly Seen[],
  of: (seen: Seen) => T,
): (T & { pictures: number })[] {
  const counts = new Map<string, T & { pictures: number }>();
  for (const one of seen) {
    const value = of(one);
    const key = JSON.stringify(value);
    const count = counts.get(key) ?? { ...value, pictures: 0 };
    count.pictures++;
    counts.set(key, count);
  }
  return [...counts.values()].sort((a, b) => b.pictures - a.pictures);
}

function cornersOf(seen: readonly Seen[], origin: 0 | 1): Corners {
  const smallest: Corners["smallest"] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const margin: Corners["margin"] = [...smallest];
  for (const { item, size } of seen) {
    for (const { box } of item.truths) {
      smallest[0] = Math.min(smallest[0], box[0] + origin);
      smallest[1] = Math.min(smallest[1], box[1] + origin);
      margin[0] = Math.min(margin[0], size.width - box[2] - origin);
      margin[1] = Math.min(margin[1], size.height - box[3] - origin);
    }
  }
  return { origin, smallest, margin };
}
