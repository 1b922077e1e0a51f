import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Duel, measureBeside } from "../../../lib/bench/beside.js";
import { benchOptions } from "../../../lib/bench/options.js";
import type { Bench } from "../../../lib/bench/row.js";
import { engine } from "../../../lib/native.js";
import { little } from "../../support/bench.js";
import { stubPython } from "../../support/python.js";
import { failure, ownCache } from "../../support/small.js";

const hello = '{"versions": {"abacus": "3"}, "contenders": ["beads", "rods"], "missing": []}';

/** A peer that answers with a number and takes 8 ms (beads), then 2 ms (rods). */
const peers = (beads: string, rods = beads) => `
  read -r setup; echo '${hello}'
  while read -r asked; do
    case "$asked" in
      *beads*answer*) echo '{"sum": ${beads}}';;
      *rods*answer*) echo '{"sum": ${rods}}';;
      *beads*) echo '{"done": 1, "seconds": 0.008}';;
      *) echo '{"done": 1, "seconds": 0.002}';;
    esac
  done`;

function bench(options: object = {}): Bench & { notes: string[] } {
  const notes: string[] = [];
  const note = (line: string) => void notes.push(line);
  return { options: benchOptions.parse({ ...little, ...options }), note, notes, versions: {} };
}

function duel(changes: Partial<Duel> = {}): Duel {
  return {
    name: "sums",
    script: "match",
    setup: { numbers: [1, 2] },
    ours: () => ({ sum: 3 }),
    tolerance: 0.01,
    work: () => [{ bytes: 1e6, flops: 0 }],
    floor: "reading once",
    about: { numbers: 2 },
    ...changes,
  };
}

beforeEach(() => {
  ownCache();
  vi.stubEnv("SSD_DISTILL_PYTHON", "");
});

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a row beside peers", () => {
  test("is headed by the first of them; each has its times and its ratio to ours", async () => {
    stubPython(peers("3.001"));
    const with_ = bench();
    const row = await measureBeside(with_, duel({ others: { half: () => {} } }));
    expect(row).toMatchObject({ name: "sums", peer: "beads", peer_ms: 8, numbers: 2, rounds: 2 });
    expect(row).toMatchObject({ floor: "reading once", came_out: { sum: 3 }, threads: 1 });
    const [beads, rods] = row.peers as { name: string; ms: number; ratio: number }[];
    expect([beads!.name, rods!.name, rods!.ms]).toEqual(["beads", "rods", 2]);
    expect(row.ratio).toBe(beads!.ratio);
    expect(row.spread).toMatchObject({ median: beads!.ratio });
    expect(row.half_ms).toBeGreaterThan(0);
    expect(row.floor_ms).toBeGreaterThan(0);
    expect(row.of_floor).toBeCloseTo(row.ours_ms / row.floor_ms!, 9);
    expect(with_.versions).toEqual({ abacus: "3" });
  });

  test("is an error when a peer computes something else, naming both numbers", async () => {
    stubPython(peers("3", "3.5"));
    await expect(measureBeside(bench(), duel())).rejects.toEqual(
      failure("INTERNAL", "bench sums", "rods", "sum 3.5", "got 3"),
    );
    stubPython(peers("3").replaceAll('"sum"', '"total"'));
    await expect(measureBeside(bench(), duel())).rejects.toEqual(
      failure("INTERNAL", "total 3", "got NaN"),
    );
  });

  test("without one has no ratio", async () => {
    vi.stubEnv("SSD_DISTILL_PYTHON", "/none/such");
    const alone = bench();
    const row = await measureBeside(alone, duel());
    expect(row).toMatchObject({ peer: null, peer_ms: null, ratio: null, spread: null, peers: [] });
    expect(alone.notes[0]).toMatch(/^bench match: no peer: /);
  });

  test("computes on the last number of threads, and gives the engine its own back", async () => {
    vi.stubEnv("SSD_DISTILL_PYTHON", "/none/such");
    const before = engine().info().threads;
    const seen = new Set<number>();
    const ours = () => {
      seen.add(engine().info().threads);
      return {};
    };
    expect(await measureBeside(bench({ threads: [1, 3] }), duel({ ours }))).toMatchObject({
      threads: 3,
    });
    expect([...seen]).toEqual([3]);
    expect(engine().info().threads).toBe(before);
  });

  test("a burst is begun before it is waited for", async () => {
    vi.stubEnv("SSD_DISTILL_PYTHON", "/none/such");
    let [begun, most] = [0, 0];
    const ours = async () => {
      most = Math.max(most, ++begun);
      await new Promise((resolve) => setTimeout(resolve, 20));
      begun--;
      return {};
    };
    const row = await measureBeside(bench(), duel({ ours, burst: 4 }));
    expect(most).toBe(4);
    expect(row.ours_ms).toBeLessThan(15);
  });
});
