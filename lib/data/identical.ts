import { resolve } from "node:path";
import type { Item, Problem } from "./dataset.js";

/** A set of pictures that another one is compared with. */
export interface Part {
  spec: string;
  items: readonly Item[];
}

/** A picture file and where it occurs. */
interface Picture {
  file: string;
  /** As often as the set that is checked has it. */
  own: Item[];
  /** Specifications of the parts that hold it. */
  parts: Set<string>;
}

/**
 * Pictures that a set has more than once, or shares with a part it should not share it with.
 *
 * A file is compared by its path, and by what it shows with all others. The set may be one of the parts or
 * hold several: a file is where it should not be when two splits hold it, or one of `others`.
 *
 * @param compared.splits Disjoint sets of the same data.
 * @param compared.others Sets that should have nothing of this one.
 * @param digestOf By resolved path; pictures without digest are compared by their path alone.
 * @returns Problems of kind `identical`: one less than there are copies, each naming another.
 */
export function findIdentical(
  items: readonly Item[],
  { splits, others }: { splits: readonly Part[]; others: readonly Part[] },
  digestOf: ReadonlyMap<string, string>,
): Problem[] {
  const pictures = gather(items, [...splits, ...others]);
  const foreign = new Set(others.map(({ spec }) => spec));
  const problems: Problem[] = [];
  const note = (file: string, message: string) =>
    problems.push({ kind: "identical", file, message });
  for (const { file, own, parts: at } of pictures.values()) {
    if (own.length > 1) note(file, `the picture is in the set ${own.length} times`);
    if (own.length === 0) continue;
    const strangers = [...at].filter((spec) => foreign.has(spec));
    if (at.size - strangers.length > 1) note(file, `the picture is in ${[...at].join(" and in ")}`);
    else for (const spec of strangers) note(file, `the picture is in ${spec} too`);
  }
  for (const group of byDigest(pictures, digestOf)) {
    const [first, ...copies] = group;
    if (first === undefined || first.own.length === 0) continue;
    for (const copy of copies) {
      if (copy.own.length > 0) note(copy.file, sameAs(first, copy));
      else note(first.file, sameAs(copy, first));
    }
  }
  return problems;
}

/** Every file once, those of the checked set first. */
function gather(items: readonly Item[], parts: readonly Part[]): Map<string, Picture> {
  const pictures = new Map<string, Picture>();
  const at = (file: string): Picture => {
    const path = resolve(file);
    const picture = pictures.get(path) ?? { file, own: [], parts: new Set() };
    pictures.set(path, picture);
    return picture;
  };
  for (const item of items) at(item.image).own.push(item);
  for (const { spec, items } of parts) {
    for (const { image } of items) at(image).parts.add(spec);
  }
  return pictures;
}

function byDigest(
  pictures: ReadonlyMap<string, Picture>,
  digestOf: ReadonlyMap<string, string>,
): Iterable<Picture[]> {
  const groups = new Map<string, Picture[]>();
  for (const [path, picture] of pictures) {
    const digest = digestOf.get(path);
    if (digest === undefined) continue;
    const group = groups.get(digest);
    if (group === undefined) groups.set(digest, [picture]);
    else group.push(picture);
  }
  return groups.values();
}

/** The sentence about a picture `of` one set that is the same as another. */
function sameAs(other: Picture, of: Picture): string {
  const where = [...other.parts].filter((spec) => !of.parts.has(spec));
  const from = where.length === 0 ? "" : ` in ${where.join(" and ")}`;
  return `the picture is the same as ${other.file}${from}${boxesDiffer(other, of)}`;
}

function boxesDiffer(a: Picture, b: Picture): string {
  // Labels of other sets may stand for other classes.
  if (a.own.length === 0 || b.own.length === 0) return "";
  const boxesOf = ({ own }: Picture) =>
    own[0]!.truths
      .map(({ label, box }) => `${label} ${box}`)
      .sort()
      .join("\n");
  return boxesOf(a) === boxesOf(b) ? "" : "; their boxes differ";
}
