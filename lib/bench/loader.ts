import { openLoader } from "../data/loader.js";
import { shuffled } from "../data/order.js";
import { inOrder } from "../data/parallel.js";
import type { NativeLoader } from "../native-loader.js";
import { presets } from "../presets.js";
import { augmentOptions } from "../train/options.js";
import { comparedWith, headed } from "./beside.js";
import { type BenchPack, withBenchPack } from "./data.js";
import type { ResolvedBenchOptions } from "./options.js";
import { Peer } from "./peer.js";
import { type Contender, inTurn, median } from "./rounds.js";
import type { Bench, Row } from "./row.js";

/** The normalisation of SSD300; its size is an option. */
const { mean, std } = presets["ssd300-vgg16"];
/** Batches asked for ahead, so that what JavaScript does between two costs nothing. */
const inFlight = 4;
/** Pictures of an epoch at least: at its end threads wait for each other. */
const epochLength = 4096;

/**
 * Row `loader`: milliseconds a picture from the pack to SSD's augmented float32 batches, beside
 * PyTorch's data path on the same decoded pictures.
 */
export async function measureLoader(bench: Bench): Promise<Row> {
  return await withBenchPack(bench, async (pack) => {
    const peer = await Peer.start("loader", setupOf(pack, bench.options), bench.note);
    try {
      Object.assign(bench.versions, peer?.versions);
      return await compare(bench, pack, peer);
    } finally {
      peer?.dispose();
    }
  });
}

async function compare(bench: Bench, pack: BenchPack, peer: Peer | undefined): Promise<Row> {
  const { threads, seconds, rounds, size, batch, data } = bench.options;
  const contenders: Record<string, Contender> = {};
  for (const count of threads) contenders[`ours ${count}`] = ours(pack, bench.options, count);
  for (const name of peer?.contenders ?? []) {
    contenders[name] = () => peer!.measure(name, seconds);
  }
  contenders.floor = floor(size, batch, seconds);
  bench.note(`bench loader: ${rounds} rounds of ${Object.keys(contenders).join(", ")}`);
  // What is loaded, mapped or compiled at its first use is not what is measured.
  await inTurn(contenders, 1, bench.signal);
  const times = await inTurn(contenders, rounds, bench.signal);

  const own = times[`ours ${threads[0]}`]!;
  const peers = comparedWith(peer, times, own);
  const best = peers.reduce((a, b) => (b.ms < a.ms ? b : a), peers[0]!);
  const rates = threads.map((count) => 1000 / median(times[`ours ${count}`]!));
  return {
    name: "loader",
    ours_ms: median(own),
    ...headed(best),
    floor_ms: median(times.floor!),
    floor: "copying the batch's floats once: as many are written, more is read than a patch has",
    pictures_per_second: Object.fromEntries(threads.map((count, i) => [count, rates[i]!])),
    scaling: rates.at(-1)! / rates[0]!,
    peer_pictures_per_second: best === undefined ? null : 1000 / best.ms,
    peers,
    data: data ?? pack.opened.dataset.spec,
    size,
    batch,
    rounds,
    seconds,
  };
}

/** What the peer is told. */
function setupOf({ index }: BenchPack, { threads, size, batch }: ResolvedBenchOptions): object {
  let truth = 0;
  const boxes = [...index.counts].map((count) => {
    const corners = (i: number) => [...index.boxes.subarray(4 * i, 4 * i + 4)];
    return Array.from({ length: count }, () => corners(truth++));
  });
  const sizes = [...index.offsets].map((_, i) => [...index.sizes.subarray(2 * i, 2 * i + 2)]);
  const pictures = { file: index.file, offsets: [...index.offsets], sizes, boxes };
  return { ...pictures, threads: threads[0], size, batch, mean, std };
}

function ours({ opened }: BenchPack, options: ResolvedBenchOptions, threads: number): Contender {
  const { size, batch, seconds } = options;
  const preset = { ...presets["ssd300-vgg16"], size };
  const augment = augmentOptions.parse({});
  let epoch = 0;
  return async () => {
    // A new one each time: the threads of one that is kept go on working after the measurement.
    const loader = openLoader(opened, preset, { batch, seed: 0, workers: threads, augment });
    const run = new Pump(loader, performance.now() + seconds * 1000);
    try {
      while (!run.over) {
        const once = shuffled(opened.length, 0, epoch);
        const length = Math.ceil(Math.max(epochLength, once.length) / batch) * batch;
        loader.start(
          epoch++,
          Uint32Array.from({ length }, (_, i) => once[i % once.length]!),
          0,
        );
        await run.epoch(length / batch);
      }
    } finally {
      loader.dispose();
    }
    return run.msPerPicture;
  };
}

/** Batches before the clock starts: by then the buffers exist that are used again from there on. */
const settling = 8;

/** Takes batches until a time. */
class Pump {
  #batches = 0;
  #pictures = 0;
  #first: number | undefined;
  #last = 0;

  constructor(
    readonly loader: NativeLoader,
    readonly until: number,
  ) {}

  /** Whether the time is up; not before a batch was measured. */
  get over(): boolean {
    return this.#pictures > 0 && performance.now() >= this.until;
  }

  get msPerPicture(): number {
    return (this.#last - this.#first!) / this.#pictures;
  }

  async epoch(batches: number): Promise<void> {
    const numbers = Array.from({ length: batches }, (_, i) => i);
    const next = async (number: number) =>
      number > settling && this.over ? undefined : await this.loader.next();
    for await (const batch of inOrder(numbers, inFlight, next)) {
      if (batch === undefined) continue;
      batch.images.dispose();
      this.#last = performance.now();
      this.#batches += 1;
      if (this.#batches > settling) this.#pictures += batch.indices.length;
      else this.#first = this.#last;
    }
  }
}

/** Milliseconds a picture to copy a batch's floats, from memory that no cache holds to such. */
function floor(size: number, batch: number, seconds: number): Contender {
  const [from, to] = [0, 1].map((value) => new Float32Array(batch * 3 * size ** 2).fill(value));
  return async () => {
    const start = performance.now();
    let batches = 0;
    do {
      to!.set(from!);
      batches++;
    } while (performance.now() - start < (seconds * 1000) / 4);
    return (performance.now() - start) / (batches * batch);
  };
}
