import type { Preset } from "../presets.js";
import { priorsOf } from "../priors.js";
import { bestIous, type Reach, reach, sizeOf, type TrainedTruths } from "./prior-fit.js";

/** Sizes and ratios for a preset's priors that reach more of a data set's truths. */
export interface PriorSuggestion extends Reach {
  /** In pixels of the input, one more than there are maps. */
  sizes: number[];
  /** For each map, as many as the preset has: its heads keep their shape. */
  ratios: number[][];
}

/** Truths below which a suggestion would follow chance. */
const fewest = 50;
/** The least share of the truths that must be reached in addition. */
const gain = 0.01;
/** Truths that the search looks at; the suggestion itself is held against all. */
const sample = 400;
/** What a number is multiplied and divided by, to see whether that is better. */
const steps = [1.3, 1.12, 1.05];

type Anchors = Pick<Preset, "sizes" | "ratios">;

/**
 * Sizes and ratios for priors on the maps of a preset that reach more truths than its own, if any are found.
 *
 * The search begins at the preset's own and at the quantiles of the truths' sizes, with the aspects that
 * truths of a map's sizes have, and goes on from the best by changing one number after the other.
 *
 * @param now How the preset's own priors do.
 */
export async function suggestPriors(
  truths: TrainedTruths,
  preset: Preset,
  now: Reach,
): Promise<PriorSuggestion | undefined> {
  const { boxes } = truths;
  // Nothing to gain is nothing to search for.
  if (now.truths < fewest || now.unreached < gain * now.truths) return undefined;
  const some = sampleOf(boxes);
  const cost = async (anchors: Anchors) => costOf(await iousOf(some, preset, anchors));
  let best = await cheapest([preset, ...starts(some, preset)], cost);
  for (const factor of steps) best = await descend(best, factor, preset.size, cost);
  const { sizes, ratios } = rounded(best.anchors);
  const ious = await iousOf(boxes, preset, { sizes, ratios });
  const unreached = ious.filter((iou) => iou < reach).length;
  if (now.unreached - unreached < gain * now.truths) return undefined;
  return { sizes, ratios, truths: now.truths, unreached };
}

interface Found {
  anchors: Anchors;
  cost: number;
}

type Cost = (anchors: Anchors) => Promise<number>;

async function iousOf(
  boxes: Float64Array,
  preset: Preset,
  anchors: Anchors,
): Promise<Float64Array> {
  return await bestIous(boxes, priorsOf({ ...preset, ...anchors }), reach);
}

/** The share of truths that are not reached, and how far they all are from it: so that a step shows. */
function costOf(ious: Float64Array): number {
  let cost = 0;
  for (const iou of ious) cost += iou < reach ? 1 + (reach - iou) : 0;
  return cost / ious.length;
}

/** Every n-th truth in the order of size. */
function sampleOf(boxes: Float64Array): Float64Array {
  const count = boxes.length / 4;
  const order = Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => sizeOf(boxes, a) - sizeOf(boxes, b) || a - b,
  );
  const take = Math.min(count, sample);
  const picked = Array.from({ length: take }, (_, i) => order[Math.floor((i * count) / take)]!);
  return Float64Array.from(picked.flatMap((i) => [...boxes.subarray(4 * i, 4 * i + 4)]));
}

/** Anchors made from the truths: sizes at their quantiles, or those of the preset; aspects as they have. */
function starts(boxes: Float64Array, preset: Preset): Anchors[] {
  const sides = Array.from({ length: boxes.length / 4 }, (_, i) => sizeOf(boxes, i) * preset.size);
  const sorted = sides.toSorted((a, b) => a - b);
  const last = preset.sizes.length - 1;
  const quantiles = preset.sizes.map((_, k) => {
    const at = (0.02 + (0.96 * k) / last) * (sorted.length - 1);
    return sorted[Math.round(at)]!;
  });
  const sizes = [preset.sizes, rising(quantiles)];
  return sizes.flatMap((sizes) => [
    { sizes, ratios: preset.ratios },
    { sizes, ratios: ratiosOf(boxes, sides, sizes, preset.ratios) },
  ]);
}

/** Numbers of which each is at least 1 more than the one before. */
function rising(numbers: readonly number[]): number[] {
  const out: number[] = [];
  for (const number of numbers) out.push(Math.max(number, (out.at(-1) ?? 0) + 1));
  return out;
}

/** For each map, quantiles of the aspects (long side over short) of the truths of its sizes. */
function ratiosOf(
  boxes: Float64Array,
  sides: readonly number[],
  sizes: readonly number[],
  like: readonly (readonly number[])[],
): number[][] {
  return like.map((own, k) => {
    const aspects: number[] = [];
    sides.forEach((side, i) => {
      if (side < sizes[k]! || side > sizes[k + 1]!) return;
      const width = boxes[4 * i + 2]! - boxes[4 * i]!;
      const height = boxes[4 * i + 3]! - boxes[4 * i + 1]!;
      const aspect = Math.max(width / height, height / width);
      // The squares that every map has reach what is nearly one.
      if (aspect > 1.4) aspects.push(aspect);
    });
    if (aspects.length < own.length) return [...own];
    aspects.sort((a, b) => a - b);
    return own.map((_, i) => aspects[Math.floor(((i + 0.5) * aspects.length) / own.length)]!);
  });
}

async function cheapest(all: readonly Anchors[], cost: Cost): Promise<Found> {
  let best: Found | undefined;
  for (const anchors of all) {
    const found = { anchors, cost: await cost(anchors) };
    if (best === undefined || found.cost < best.cost) best = found;
  }
  return best!;
}

/** Changes each number by a factor, up or down, and keeps what is better. */
async function descend(from: Found, factor: number, size: number, cost: Cost): Promise<Found> {
  let best = from;
  const { sizes, ratios } = from.anchors;
  const attempt = async (change: (anchors: Anchors) => Anchors) => {
    const anchors = change(best.anchors);
    if (!isSound(anchors, size)) return;
    const found = await cost(anchors);
    if (found < best.cost) best = { anchors, cost: found };
  };
  for (const by of [factor, 1 / factor]) {
    for (const k of sizes.keys()) {
      await attempt((a) => ({ ...a, sizes: scaled(a.sizes, k, by) }));
    }
    for (const [k, own] of ratios.entries()) {
      for (const j of own.keys()) {
        await attempt((a) => ({ ...a, ratios: a.ratios.with(k, scaled(a.ratios[k]!, j, by)) }));
      }
    }
  }
  return best;
}

function scaled(numbers: readonly number[], index: number, by: number): number[] {
  return numbers.with(index, numbers[index]! * by);
}

/** Sizes rise and end about at the input's; ratios are no squares, and none that no box has. */
function isSound({ sizes, ratios }: Anchors, size: number): boolean {
  const grows = sizes.every((one, k) => k === 0 || one > sizes[k - 1]! + 1);
  const fair = ratios.flat().every((ratio) => ratio > 1.1 && ratio < 12);
  return grows && fair && sizes.at(-1)! <= 1.2 * size;
}

/** Whole pixels, and ratios to a tenth; each list rises. */
function rounded({ sizes, ratios }: Anchors): Anchors {
  const tenths = (own: readonly number[]) => own.map((ratio) => Math.round(10 * ratio));
  return {
    sizes: rising(sizes.map(Math.round)).map(Math.ceil),
    ratios: ratios.map((own) => rising(tenths(own).sort((a, b) => a - b)).map(toTenth)),
  };
}

const toTenth = (value: number) => Math.round(value) / 10;
