import type { Preset } from "../../presets.js";

/**
 * How weights are called elsewhere: which prefix of our names stands for which prefix of theirs, in
 * whole components; the longest that fits counts. What no prefix fits has no name there.
 */
export type Names = Readonly<Record<string, string>>;

/** Keeps every `steps[k]`-th element along axis k of a tensor that is first given `shape`. */
export interface Decimation {
  readonly shape: readonly number[];
  readonly steps: readonly number[];
}

/** A way of the field to name a model's tensors. */
export interface Layout {
  /** Whose: what `--layout` calls it. */
  readonly family: LayoutFamily;
  readonly backbone: Preset["backbone"]["kind"];
  readonly names: Names;
  /** By our names: tensors that are cut from larger ones of the file. */
  readonly decimate?: Readonly<Record<string, Decimation>>;
}

/** A layout of a whole detector, which says how it is to be fed. */
export interface DetectorLayout extends Layout {
  /** The architecture, with the input and prior conventions that its weights were trained with. */
  readonly preset: Preset;
  /** Some of their names, by which a file is recognised. */
  readonly signature: readonly string[];
}

export const layoutFamilies = [
  "native",
  "ssd.pytorch",
  "bubbliiiing",
  "torchvision",
  "timm",
  "reduced-fc",
] as const;

export type LayoutFamily = (typeof layoutFamilies)[number];

/** The name elsewhere of a tensor of ours; nothing when it has none. */
export function nameIn({ names }: Pick<Layout, "names">, ours: string): string | undefined {
  let best: string | undefined;
  for (const prefix of Object.keys(names)) {
    const fits = prefix === "" || ours === prefix || ours.startsWith(`${prefix}.`);
    if (fits && prefix.length >= (best?.length ?? 0)) best = prefix;
  }
  if (best === undefined) return undefined;
  const rest = ours.slice(best.length).replace(/^\./, "");
  return [names[best], rest].filter((part) => part !== "").join(".");
}

/**
 * What stands before all of `signature` in `names`: nothing, or a wrapper such as `state_dict.` or
 * `module.`; undefined when they are not all there.
 */
export function wrapperOf(
  signature: readonly string[],
  names: { has(name: string): boolean; keys(): Iterable<string> },
): string | undefined {
  const [first] = signature;
  for (const name of names.keys()) {
    if (!name.endsWith(first!)) continue;
    const wrapper = name.slice(0, name.length - first!.length);
    const isWhole = wrapper === "" || wrapper.endsWith(".");
    if (isWhole && signature.every((other) => names.has(wrapper + other))) return wrapper;
  }
  return undefined;
}
