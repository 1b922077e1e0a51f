import { ops, type Target, Tensor } from "../../../lib/index.js";
import { loadEngine } from "../../../lib/native.js";
import { there } from "../../support/device.js";
import { below, digest, near } from "../../support/hashed.js";
import { type Drawing, scenes as draw, snapped } from "../../support/scenes.js";
import { type Comparison, numbers, tolerance } from "../comparison.js";
import { priorsOf } from "./boxes.js";
import { type LossOptions, movedRows } from "./losses.js";

/** Matching, or with logits mining, of scenes in blocks; those whose decisions are unclear are left out. */
export function scenes(c: Comparison): void {
  const { rows } = c.sample.options;
  if (rows === undefined) matched(c);
  else mined(c, rows as number);
}

function matched(c: Comparison): void {
  const { priors, blocks, options } = settingOf(c);
  const found = { digests: [], positives: [], unmatched: [], sums: [], squares: [] } as Found;
  const offsets: number[] = [];
  for (const { targets } of blocks) {
    const match = ops.match(targets, priors, options);
    const classes = numbers(match.classes);
    const loc = offsetsOf(classes, numbers(match.loc));
    found.digests!.push(digest(classes));
    found.positives!.push(loc.length / 4);
    found.unmatched!.push(match.unmatched.item());
    found.sums!.push(loc.reduce((sum, offset) => sum + offset, 0));
    found.squares!.push(loc.reduce((sum, offset) => sum + offset * offset, 0));
    for (const offset of loc) offsets.push(offset);
    for (const tensor of Object.values(match)) tensor.dispose();
  }
  sameBlocks(c, "digests", "classes", found);
  sameBlocks(c, "positives", "positives", found);
  sameBlocks(c, "unmatched", "unmatched", found);
  nearBlocks(c, found);
  const loc = c.keep(Tensor.from(Float32Array.from(offsets), [offsets.length / 4, 4]));
  c.near("loc", loc, c.expected("loc"), tolerance.ops, { note: share(c) });
}

function mined(c: Comparison, kinds: number): void {
  const { priors, blocks, options } = settingOf(c);
  const [stream, channels] = [c.option<string>("stream"), c.option<number>("classes") + 1];
  const count = priors.shape[0]!;
  const logits = near(`${stream}/logits`, kinds * channels, 0, 4);
  const rows = below(`${stream}/rows`, c.option<number>("scenes") * count, kinds);
  const found = { digests: [], positives: [], selected: [] } as Found;
  for (const { indices, targets } of blocks) {
    const [length, own] = [indices.length, indices.flatMap((i) => [...rowsOf(i)])];
    const conf = Float32Array.from({ length: own.length * channels }, (_, i) => {
      return logits[own[Math.floor(i / channels)]! * channels + (i % channels)]!;
    });
    const student = {
      loc: there(Tensor.from(new Float32Array(length * count * 4), [length, count, 4])),
      conf: there(Tensor.from(conf, [length, count, channels])),
    };
    const losses = ops.multiboxLoss(student, targets, priors, options);
    // Only the positives and the mined have a gradient.
    const selected = movedRows(losses.gradConf);
    found.digests!.push(digest(selected));
    found.selected!.push(selected.length);
    found.positives!.push(losses.numPositives);
    for (const tensor of [student.loc, student.conf, losses.gradLoc, losses.gradConf]) {
      tensor.dispose();
    }
  }
  sameBlocks(c, "digests", "mined rows", found);
  sameBlocks(c, "selected", "number of mined rows", found);
  sameBlocks(c, "positives", "positives", found);

  function rowsOf(scene: number): Int32Array {
    return rows.subarray(scene * count, (scene + 1) * count);
  }
}

/** A number for each block. */
type Found = Record<string, number[]>;

function settingOf(c: Comparison) {
  loadEngine().engine.setThreads(1);
  const drawing = c.sample.options as unknown as Drawing;
  const priors = c.keep(priorsOf(c.option("grid")));
  const onLattice = drawing.lattice === 2048;
  const [all, unclear] = [draw(drawing), new Set(c.option<number[]>("unclear"))];
  const blocks: { indices: number[]; targets: Target[] }[] = [];
  for (let start = 0; start < all.length; start += c.option<number>("block")) {
    const places = Array.from({ length: c.option<number>("block") }, (_, i) => start + i);
    const indices = places.filter((i) => i < all.length && !unclear.has(i));
    blocks.push({ indices, targets: indices.map((i) => all[i]!) });
  }
  return {
    priors: c.keep(there(onLattice ? snapped(priors) : priors)),
    blocks,
    options: c.option<LossOptions>("options"),
  };
}

function offsetsOf(classes: ArrayLike<number>, loc: ArrayLike<number>): number[] {
  const offsets: number[] = [];
  for (let row = 0; row < classes.length; row++) {
    if (classes[row] !== 0) for (let k = 0; k < 4; k++) offsets.push(loc[row * 4 + k]!);
  }
  return offsets;
}

function sameBlocks(c: Comparison, key: string, name: string, found: Found): void {
  const expected = c.expected(key).data;
  const note = said(c, (block) => found[key]![block] !== expected[block]);
  c.same(name, found[key]!, expected, { note });
}

/** Sums over a block, relative to what its offsets would add up to without their signs. */
function nearBlocks(c: Comparison, { sums, squares, positives }: Found): void {
  const [sum, square] = [c.expected("sums").data, c.expected("squares").data];
  const off = {
    sums: sums!.map((value, i) => {
      const size = Math.sqrt(4 * positives![i]! * square[i]!);
      return Math.abs(value - sum[i]!) / Math.max(size, 1e-300);
    }),
    squares: squares!.map(
      (value, i) => Math.abs(value - square[i]!) / Math.max(square[i]!, 1e-300),
    ),
  };
  for (const [name, errors] of Object.entries(off)) {
    const note = said(c, (block) => !(errors[block]! <= tolerance.ops));
    const one = { shape: [1], data: Float64Array.of(1) };
    c.near(`${name} of loc, worst block`, Math.max(...errors) + 1, one, tolerance.ops, { note });
  }
}

/** How many scenes were compared, and which of them came out wrong. */
function said(c: Comparison, wrong: (block: number) => boolean): string {
  const [size, count] = [c.option<number>("block"), c.option<number>("scenes")];
  const blocks = Array.from({ length: Math.ceil(count / size) }, (_, i) => i);
  const named = blocks.filter(wrong).map((i) => {
    const last = Math.min((i + 1) * size, count) - 1;
    return size === 1 ? `${i}` : `${i * size}-${last}`;
  });
  const first = named.length === 0 ? "" : `; wrong in scenes ${named.slice(0, 8).join(", ")}`;
  return share(c) + first + (named.length > 8 ? " and more" : "");
}

function share(c: Comparison): string {
  return `${c.option("scenes")} scenes, ${c.option<number[]>("unclear").length} unclear`;
}
