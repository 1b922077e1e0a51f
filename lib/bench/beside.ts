import { SsdError } from "../errors.js";
import { engine } from "../native.js";
import { floorOf, type Work } from "./floor.js";
import { Peer } from "./peer.js";
import {
  type Contender,
  inTurn,
  median,
  ratios,
  repeated,
  type Spread,
  spreadOf,
} from "./rounds.js";
import type { Bench, Row } from "./row.js";

/** What ours and a peer do to the same batch. */
export interface Duel {
  /** Of the row. */
  name: string;
  /** Of the script in scripts/bench that has the peers. */
  script: string;
  /** What the peers are told, beside where, on how many threads and whether to compile. */
  setup: object;
  /** One batch; resolves to what came out, as numbers by name. */
  ours(): Numbers | Promise<Numbers>;
  /** By what share of the larger the peers' numbers may differ from ours. */
  tolerance: number;
  /** Batches that are begun before the first is waited for; 1 unless said. */
  burst?: number;
  /** What is measured beside, each for a field NAME_ms. */
  others?: Record<string, () => unknown>;
  /** The least that has to be done, from what came out. */
  work(numbers: Numbers): readonly Work[];
  /** What that is, in words. */
  floor: string;
  /** What else the row has to say. */
  about: object;
}

export type Numbers = Record<string, number>;

/**
 * Measures ours and its peers in turn, milliseconds a batch; first what they compute is compared.
 *
 * @throws SsdError INTERNAL when a peer's numbers differ; CANCELLED
 */
export async function measureBeside(bench: Bench, duel: Duel): Promise<Row> {
  const before = engine().info().threads;
  const threads = bench.options.threads.at(-1)!;
  engine().setThreads(threads);
  const { device, compile } = bench.options;
  const given = { threads, device, compile, burst: duel.burst ?? 1 };
  let peer: Peer | undefined;
  try {
    const numbers = await duel.ours();
    peer = await Peer.start(duel.script, { ...duel.setup, ...given }, bench.note);
    Object.assign(bench.versions, peer?.versions);
    for (const name of peer?.contenders ?? []) {
      agree(duel, numbers, name, await peer!.answer(name));
    }
    return { ...(await compare(bench, duel, peer, numbers)), threads };
  } finally {
    peer?.dispose();
    engine().setThreads(before);
  }
}

async function compare(
  bench: Bench,
  duel: Duel,
  peer: Peer | undefined,
  numbers: Numbers,
): Promise<Row> {
  const { rounds, seconds, device, batch } = bench.options;
  const burst = duel.burst ?? 1;
  const begun = async () => await Promise.all(Array.from({ length: burst }, () => duel.ours()));
  const contenders: Record<string, Contender> = {
    ours: async () => (await repeated(seconds, begun)) / burst,
  };
  for (const name of peer?.contenders ?? []) {
    contenders[name] = () => peer!.measure(name, seconds);
  }
  const others = Object.entries(duel.others ?? {});
  for (const [name, work] of others) contenders[name] = () => repeated(seconds / 4, work);
  bench.note(`bench ${duel.name}: ${rounds} rounds of ${Object.keys(contenders).join(", ")}`);
  await inTurn(contenders, 1, bench.signal);
  const times = await inTurn(contenders, rounds, bench.signal);

  const ours = median(times.ours!);
  const floor = floorOf(duel.work(numbers), bench.options);
  const peers = comparedWith(peer, times, times.ours!);
  return {
    name: duel.name,
    ours_ms: ours,
    ...headed(peers[0]),
    floor_ms: floor,
    floor: duel.floor,
    of_floor: ours / floor,
    ...Object.fromEntries(others.map(([name]) => [`${name}_ms`, median(times[name]!)])),
    ...duel.about,
    peers,
    came_out: numbers,
    device,
    batch,
    rounds,
    seconds,
  };
}

/** A peer's times beside ours. */
export interface Compared {
  name: string;
  ms: number;
  ratio: number;
  spread: Spread;
}

/** Each of a peer's contenders beside our times. */
export function comparedWith(
  peer: Peer | undefined,
  times: Readonly<Record<string, number[]>>,
  ours: readonly number[],
): Compared[] {
  return (peer?.contenders ?? []).map((name) => {
    const spread = spreadOf(ratios(times[name]!, ours));
    return { name, ms: median(times[name]!), ratio: spread.median, spread };
  });
}

/** The fields of a row on what it is compared with in the first place. */
export function headed(best: Compared | undefined) {
  return {
    peer: best?.name ?? null,
    peer_ms: best?.ms ?? null,
    ratio: best?.ratio ?? null,
    spread: best?.spread ?? null,
  };
}

function agree({ name, tolerance }: Duel, ours: Numbers, peer: string, theirs: Numbers): void {
  for (const [key, number] of Object.entries(theirs)) {
    const own = ours[key] ?? Number.NaN;
    if (Math.abs(own - number) <= tolerance * Math.max(Math.abs(own), Math.abs(number))) continue;
    throw new SsdError(
      "INTERNAL",
      `bench ${name}: expected what ${peer} computes, ${key} ${number}, got ${own}; so the times are not of the same work`,
    );
  }
}
