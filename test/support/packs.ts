import { readFile } from "node:fs/promises";

import type { Dataset } from "../../lib/data/dataset.js";
import { type Pack, type PackOptions, packDataset } from "../../lib/data/pack.js";
import type { PackEvent } from "../../lib/data/pack-events.js";
import { readSection } from "../../lib/data/pack-format.js";
import { readPackFile, withFile } from "../../lib/data/pack-index.js";
import { voc } from "../../lib/data/voc.js";
import { temporaryFolder } from "./temporary.js";
import { cat, dog, writeDevkit } from "./voc.js";

/** Three pictures of 40x30: a cat and a difficult dog, nothing, a dog. */
export async function smallSet(): Promise<Dataset> {
  const content = { a: [cat, { ...dog, difficult: 1 }], b: [], c: [dog] };
  return await voc(await writeDevkit(temporaryFolder(), content)).read();
}

/** The pixels of picture `i`, as the engine finds them. */
export async function pixelsOf(pack: Pack, i: number): Promise<Buffer> {
  const { file, offsets, sizes } = pack.index({ ignored: true });
  const offset = offsets[i]!;
  const length = sizes[2 * i]! * sizes[2 * i + 1]! * 3;
  return (await readFile(file)).subarray(offset, offset + length);
}

/** Packs a data set; how many pictures were decoded for it. */
export async function pack(
  dataset: Dataset,
  dir: string,
  options: Partial<PackOptions> = {},
): Promise<{ packed: Pack; decoded: number }> {
  const packed = await packDataset(dataset, { dir, ...options });
  return { packed, decoded: packed.decoded };
}

/** What is told on the way. */
export async function events(dataset: Dataset, dir: string, options: Partial<PackOptions> = {}) {
  const told: PackEvent[] = [];
  await packDataset(dataset, { dir, ...options, onEvent: (event) => told.push(event) });
  return told;
}

/** The truths as the file has them. */
export async function truthsIn(path: string) {
  const { header } = (await readPackFile(path))!;
  const section = await withFile(path, "r", (handle) => readSection(handle, header.truths));
  return JSON.parse(section!.toString());
}

/** Bytes with one bit turned. */
export function flip(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 1;
  return bytes;
}
