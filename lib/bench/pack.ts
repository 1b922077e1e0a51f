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
  dispose(): Promise<void>;
}

/** Those of the option `data` in the cache, or made-up ones in a folder that is gone afterwards. */
export async function openBenchPack({ options, note, signal }: Bench): Promise<BenchPack> {
  const { data, pictures } = options;
  if (data !== undefined) {
    const dataset = await parseSource(data).read({ limit: pictures });
    return await open(dataset, join(cacheDir(), "packs"), signal, async () => {});
  }
  const dir = await mkdtemp(join(tmpdir(), "ssd-distill-bench-"));
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    note(`bench: making up ${pictures} pictures`);
    return await open(await makeUp(dir, pictures), dir, signal, remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

async function open(
  dataset: Dataset,
  dir: string,
  signal: AbortSignal | undefined,
  end: () => Promise<void>,
): Promise<BenchPack> {
  const pack = await packDataset(dataset, { dir, signal });
  const index = pack.index({ ignored: false });
  const native = new (engine().Pack)(index);
  const dispose = async () => {
    native.dispose();
    await end();
  };
  const opened = { dataset: pack.dataset, native, length: native.length, resident: false };
  return { opened, index, dispose };
}
