import { coloursText } from "./colours.js";
import type { Corners, DataStatistics, Seen } from "./statistics.js";

/** Something worth knowing about a data set that is no problem. */
export interface Note {
  message: string;
  /** The files it is about, where they are few. */
  files?: string[];
}

/** The share of the pictures up to which their files are named. */
const rare = 0.1;
/** Boxes that begin at pixel 1 from which this is no chance. */
const touching = 3;

/** What stands out in a data set. */
export function notesOn(
  seen: readonly Seen[],
  { colours, extensions, corners }: DataStatistics,
): Note[] {
  return [...spellings(extensions), ...rareColours(seen, colours), ...countingFrom(seen, corners)];
}

function spellings(extensions: DataStatistics["extensions"]): Note[] {
  const all = Object.entries(extensions);
  const each = new Map<string, string[]>();
  for (const [extension, pictures] of all) {
    const key = extension.toLowerCase();
    each.set(key, [...(each.get(key) ?? []), `${extension} ${pictures}`]);
  }
  return [...each.values()]
    .filter((ways) => ways.length > 1)
    .map((ways) => ({
      message: `one file extension is spelled in several ways: ${ways.join(", ")}`,
    }));
}

function rareColours(seen: readonly Seen[], colours: DataStatistics["colours"]): Note[] {
  return colours
    .slice(1)
    .filter(({ pictures }) => pictures <= rare * seen.length)
    .map((kind) => {
      const text = coloursText(kind);
      const files = seen
        .filter((one) => coloursText(one.colours) === text)
        .map(({ item }) => item.image);
      return { message: `${files.length} of ${seen.length} pictures are ${text}`, files };
    });
}

function countingFrom(seen: readonly Seen[], corners: Corners | null): Note[] {
  if (corners === null) return [];
  const [x, y] = corners.smallest;
  if (corners.origin === 1) {
    const message = `corners count pixels from 1, as the format has it (the smallest are ${x} and ${y}); they are read as 0-based`;
    return [{ message }];
  }
  // Shares of a picture's sides come back to pixels with an error.
  const isOne = (value: number) => Math.abs(value - 1) < 0.01;
  const boxes = seen.flatMap(({ item }) => item.truths.map(({ box }) => box));
  const starts = boxes.filter(([x1, y1]) => isOne(x1) || isOne(y1)).length;
  if (!isOne(x) || !isOne(y) || starts < touching) return [];
  const message =
    `corners look as if they counted pixels from 1: none is below 1, and ${starts} boxes begin ` +
    "there. They are read as 0-based, a pixel off if so";
  return [{ message }];
}
