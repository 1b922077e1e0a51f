import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset, Item } from "../data/dataset.js";
import { jpegDecoder } from "../data/jpeg.js";
import { packDataset } from "../data/pack.js";
import { decodePicture } from "../data/picture.js";
import { eachPicture } from "../data/pixels.js";
import type { Room } from "../data/room.js";
import { sharp } from "../data/sharp.js";
import { withBenchData } from "./data.js";
import { type Contender, inTurn, median, ratios, spreadOf } from "./rounds.js";
import type { Bench, Row } from "./row.js";

/**
 * Row `pack`: milliseconds a picture from its file to the pack, all told, on libuv's threads; beside
 * sharp, which only decodes to memory. The floor is our own decoding alone.
 */
export async function measurePacking(bench: Bench): Promise<Row> {
  return await withBenchData(bench, async (dataset, dir) => {
    const { rounds, data } = bench.options;
    const pictures = dataset.items.length;
    const contenders = {
      ours: packing(dataset, join(dir, "packs"), bench.signal),
      sharp: decoding(dataset, async ({ image }) => {
        await sharp()(image).removeAlpha().raw().toBuffer();
      }),
      floor: decoding(dataset, async (item, room) => {
        await decodePicture(item.image, item, dataset.picture, room);
      }),
    };
    bench.note(`bench pack: ${rounds} rounds of ${pictures} pictures`);
    // The first time the files are read from the disk.
    await inTurn(contenders, 1, bench.signal);
    const times = await inTurn(contenders, rounds, bench.signal);
    const spread = spreadOf(ratios(times.sharp, times.ours));
    return {
      name: "pack",
      ours_ms: median(times.ours),
      peer: "sharp, decoding alone",
      peer_ms: median(times.sharp),
      ratio: spread.median,
      floor_ms: median(times.floor),
      floor: "our decoding alone, to memory that is used again",
      spread,
      of_decoding_alone: median(ratios(times.floor, times.ours)),
      pictures_per_second: 1000 / median(times.ours),
      decoder: jpegDecoder(),
      data: data ?? dataset.spec,
      pictures,
      rounds,
    };
  });
}

function packing(dataset: Dataset, dir: string, signal: AbortSignal | undefined): Contender {
  return async () => {
    const ms = await msPerPicture(dataset, async () => {
      await packDataset(dataset, { dir, signal });
    });
    await rm(dir, { recursive: true });
    return ms;
  };
}

function decoding(dataset: Dataset, decode: (item: Item, room: Room) => Promise<void>): Contender {
  const { items } = dataset;
  const work = (i: number, room: Room) => decode(items[i]!, room);
  return async () => await msPerPicture(dataset, () => eachPicture([...items.keys()], work));
}

async function msPerPicture({ items }: Dataset, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / items.length;
}
