import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheDir } from "../data/cache.js";
import type { Dataset } from "../data/dataset.js";
import type { OpenPictures } from "../data/loader.js";
import { packDataset } from "../data/pack.js";
import { parseSource } from "../data/sources.js";
import { engine } from "../native.js";
import type { PackIndex } from "../native-pictures.js";
import { makeUp } from "./made-up.js";
import type { Bench } from "./row.js";

/** The decoded pictures that a bench works on. */
export interface BenchPack {
  opened: OpenPictures;
  index: PackIndex;
}

/** Works on the pictures of the option `data`, or on made-up ones; `dir` is gone afterwards. */
export async function withBenchData<T>(
  { options, note }: Bench,
  work: (dataset: Dataset, dir: string) => Promise<T>,
): Promise<T> {
  const { data, pictures } = options;
  const given = data === undefined ? undefined : parseSource(data);
  return await withFolder(async (dir) => {
    if (given !== undefined) return await work(await given.read({ limit: pictures }), dir);
    note(`bench: making up ${pictures} pictures`);
    return await work(await makeUp(dir, pictures), dir);
  });
}

/** A folder that is gone afterwards. */
export async function withFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "ssd-distill-bench-"));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The same, decoded; those of the option `data` are in the cache then. */
export async function withBenchPack<T>(
  bench: Bench,
  work: (pack: BenchPack) => Promise<T>,
): Promise<T> {
  const given = bench.options.data !== undefined;
  return await withBenchData(bench, async (dataset, made) => {
    const dir = given ? join(cacheDir(), "packs") : made;
    const pack = await packDataset(dataset, { dir, signal: bench.signal });
    const index = pack.index({ ignored: false });
    const native = new (engine().Pack)(index);
    try {
      const opened = { dataset: pack.dataset, native, length: native.length, resident: false };
      return await work({ opened, index });
    } finally {
      native.dispose();
    }
  });
}
