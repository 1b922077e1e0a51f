import { type DataCheck, isUnusable } from "../data/check.js";
import { coloursText } from "../data/colours.js";
import type { Problem } from "../data/dataset.js";
import type { Bin } from "../data/histogram.js";
import type { Note } from "../data/notes.js";
import type { Reach } from "../data/prior-fit.js";
import { problemLine, problemSummary } from "../data/problems.js";
import type { Corners } from "../data/statistics.js";
import { count, table } from "./output.js";

/** Problems of one kind, files of a note, sizes and the like that are written out. */
const longest = 20;
/** Characters of the longest bar. */
const widest = 30;

/** What a check found, for people: problems first. */
export function checkText(found: DataCheck): string {
  const { items, boxes, classes, problems, notes, statistics: data, priors } = found;
  const totals = [
    count(items, "picture"),
    count(boxes, "box", "boxes"),
    count(Object.keys(classes).length, "class", "classes"),
  ];
  const apart = [
    `${count(data.empty, "picture")} without boxes`,
    `${data.difficult} difficult`,
    `${data.crowd} crowd`,
  ];
  const sections = [
    [...problemLines(problems), summary(problems)],
    notes.map(noteLine),
    [totals.join(", "), apart.join(", ")],
    [table(pictureRows(found))],
    ["boxes by class", ...classLines(found)],
    [
      "boxes by size: the square root of their share of the picture",
      ...binLines(data.boxSizes, priors.sizes, share),
    ],
    [
      "boxes by aspect: width over height in the square input",
      ...binLines(data.aspects, [], aspect),
    ],
    priorLines(priors),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function summary(problems: readonly Problem[]): string {
  const lost = problems.filter(isUnusable).length;
  const left = lost === 0 ? "" : `; ${count(lost, "file")} left out`;
  return `${problemSummary(problems)}${left}`;
}

/** A line each; of a kind that is there often, the first ones. */
function problemLines(problems: readonly Problem[]): string[] {
  const kinds = new Set(problems.map(({ kind }) => kind));
  return [...kinds].flatMap((one) => {
    const list = problems.filter(({ kind }) => kind === one);
    return cut(list.map(problemLine), ` of ${one}`);
  });
}

function cut(parts: readonly string[], what = ""): string[] {
  if (parts.length <= longest) return [...parts];
  return [...parts.slice(0, longest), `… and ${parts.length - longest} more${what}`];
}

function noteLine({ message, files }: Note): string {
  return `note: ${message}${files === undefined ? "" : `: ${cut(files).join(", ")}`}`;
}

function pictureRows({
  statistics: { sizes, extensions, colours, corners },
}: DataCheck): string[][] {
  const sized = sizes.map(({ width, height, pictures }) => `${width}x${height} ${pictures}`);
  const extended = Object.entries(extensions).map((pair) => pair.join(" "));
  const coloured = colours.map((kind) => `${coloursText(kind)} ${kind.pictures}`);
  return [
    ["sizes", cut(sized).join(", ")],
    ["files", cut(extended).join(", ")],
    ["colours", coloured.join(", ")],
    ...(corners === null ? [] : [["corners", cornersText(corners)]]),
  ];
}

function cornersText({ origin, smallest, margin }: Corners): string {
  const [x, y] = smallest.map(short);
  const [right, below] = margin.map(short);
  return `from ${x} and ${y} to width - ${right} and height - ${below}, pixels counted from ${origin}`;
}

function classLines({ classes, priors }: DataCheck): string[] {
  const rows = Object.entries(classes).map(([name, boxes]) => ({
    name,
    boxes,
    reach: priors.classes[name],
  }));
  return barLines(rows);
}

function binLines(
  bins: readonly Bin[],
  reaches: readonly Reach[],
  name: (bin: Bin) => string,
): string[] {
  const rows = bins.map((bin, i) => ({ name: name(bin), boxes: bin.count, reach: reaches[i] }));
  return barLines(trimmed(rows));
}

/** Bins without the empty ones at both ends. */
function trimmed(rows: readonly BarRow[]): readonly BarRow[] {
  const first = rows.findIndex(({ boxes }) => boxes > 0);
  const last = rows.findLastIndex(({ boxes }) => boxes > 0);
  return first < 0 ? [] : rows.slice(first, last + 1);
}

interface BarRow {
  name: string;
  boxes: number;
  reach?: Reach;
}

/** Name, number, bar, and where truths are not reached by a prior, how many. */
function barLines(rows: readonly BarRow[]): string[] {
  const most = Math.max(1, ...rows.map(({ boxes }) => boxes));
  const names = Math.max(0, ...rows.map(({ name }) => name.length));
  const digits = String(most).length;
  return rows.map(({ name, boxes, reach }) => {
    const bar = "#".repeat(Math.ceil((widest * boxes) / most));
    const missed = reach !== undefined && reach.unreached > 0 ? unreached(reach) : "";
    const line = `  ${name.padEnd(names)}  ${String(boxes).padStart(digits)}  ${bar.padEnd(widest)}  ${missed}`;
    return line.trimEnd();
  });
}

const unreached = (reach: Reach) => `${percent(reach)} out of reach`;

function percent({ unreached, truths }: Reach): string {
  return `${((100 * unreached) / Math.max(1, truths)).toFixed(1)} %`;
}

const share = ({ from, to }: Bin) => `${from.toFixed(2)} to ${(to ?? 1).toFixed(2)}`;

/** For example `1:2.5 to 1:1.5`, width first. */
function aspect({ from, to }: Bin): string {
  const side = (value: number) => (value < 1 ? `1:${short(1 / value)}` : `${short(value)}:1`);
  if (from === 0) return `below ${side(to!)}`;
  return to === null ? `above ${side(from)}` : `${side(from)} to ${side(to)}`;
}

const short = (value: number) => String(Math.round(value * 10) / 10);

function priorLines(priors: DataCheck["priors"]): string[] {
  const { model, suggestion } = priors;
  const first =
    `priors of ${model} (${priors.priors}): ${priors.unreached} of ${count(priors.truths, "box", "boxes")} ` +
    `to train on (${percent(priors)}) are out of reach, with no prior at an IoU of 0.5`;
  if (suggestion === undefined) return [first];
  const ratios = suggestion.ratios.map((own) => `[${own.join(", ")}]`).join(", ");
  return [
    first,
    `with other priors ${suggestion.unreached} (${percent(suggestion)}):`,
    `  { ...presets["${model}"], sizes: [${suggestion.sizes.join(", ")}], ratios: [${ratios}] }`,
  ];
}
