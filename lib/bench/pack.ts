import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenPack, openPack } from "../data/loader.js";
import { packDataset } from "../data/pack.js";
import { parseSource } from "../data/sources.js";
import { engine, type PackIndex } from "../native.js";
import { makeUp } from "./made-up.js";
import type { Bench } from "./row.js";

/** The decoded pictures that a bench works on. */
export interface BenchPack {
  opened: OpenPack;
  index: PackIndex;
  dispose(): Promise<void>;
}

/** Those of the option `data` in the cache, or made-up ones in a folder that is gone afterwards. */
export async function openBenchPack(bench: Bench): Promise<BenchPack> {
  const { data, pictures } = bench.options;
  if (data === undefined) return await madeUp(bench);
  const dataset = await parseSource(data).read({ limit: pictures });
  const opened = await openPack(dataset);
  const dispose = async () => opened.native.dispose();
  return { opened, index: opened.pack.index({ ignored: false }), dispose };
}

async function madeUp({ options, note, signal }: Bench): Promise<BenchPack> {
  const dir = await mkdtemp(join(tmpdir(), "ssd-distill-bench-"));
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    note(`bench: making up ${options.pictures} pictures`);
    const dataset = await makeUp(dir, options.pictures);
    const pack = await packDataset(dataset, { dir, signal });
    const index = pack.index({ ignored: false });
    const native = new (engine().Pack)(index);
    const dispose = async () => {
      native.dispose();
      await remove();
    };
    return { opened: { pack, native, length: native.length }, index, dispose };
  } catch (error) {
    await remove();
    throw error;
  }
}
