import { readdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runBench } from "../../../lib/bench/bench.js";
import { pythonWith } from "../../support/python.js";
import { failure, ownCache } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, writeDevkit } from "../../support/voc.js";

const python = pythonWith("numpy, PIL");
const few = { pictures: 6, batch: 4, size: 48, seconds: 0.02, rounds: 2 };

/** The row, and what was noted. */
async function measured(options: object) {
  const notes: string[] = [];
  const note = (line: string) => void notes.push(line);
  const { rows, ...about } = await runBench(["loader"], { ...few, ...options }, { note });
  expect(rows).toHaveLength(1);
  return { row: rows[0]!, notes, about };
}

beforeEach(() => {
  ownCache();
  vi.stubEnv("SSD_DISTILL_PYTHON", "/none/such");
});

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("row loader", () => {
  test("has a rate for each number of threads, and a floor", async () => {
    const { row, about } = await measured({ threads: [1, 2, 3] });
    expect(row.name).toBe("loader");
    const rates = row.pictures_per_second as Record<string, number>;
    expect(Object.keys(rates)).toEqual(["1", "2", "3"]);
    expect(row.ours_ms).toBeCloseTo(1000 / rates[1]!, 9);
    expect(row.scaling).toBeCloseTo(rates[3]! / rates[1]!, 9);
    expect(row.floor_ms).toBeGreaterThan(0);
    expect(row).toMatchObject({ size: 48, batch: 4, rounds: 2, data: "6 made-up pictures" });
    expect(about.device).toMatch(/^cpu /);
    expect(about.versions).toMatchObject({ node: process.version });
  });

  test("without a Python it has no peer, and says so", async () => {
    const { row, notes } = await measured({ threads: [1] });
    const none = { peer: null, peer_ms: null, ratio: null, spread: null, peers: [] };
    expect(row).toMatchObject({ ...none, peer_pictures_per_second: null, scaling: 1 });
    expect(notes.some((line) => /^bench loader: no peer: .*ENOENT/.test(line))).toBe(true);
  });

  test("takes pictures of one's own", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat], b: [dog], c: [] });
    const { row } = await measured({ data: `voc:${dir}`, threads: [1], batch: 8 });
    expect(row.data).toBe(`voc:${dir}`);
    expect(row.ours_ms).toBeGreaterThan(0);
    await expect(measured({ data: "voc:/none/such" })).rejects.toEqual(failure("BAD_DATA"));
  });

  test("leaves nothing of what it made up", async () => {
    const folder = temporaryFolder();
    vi.stubEnv("TMPDIR", folder);
    await measured({ threads: [1] });
    expect(readdirSync(folder)).toEqual([]);
  });

  const title = python === undefined ? " (skipped: no Python with numpy and Pillow)" : "";
  test.skipIf(python === undefined)(`compares itself with the faster peer${title}`, async () => {
    vi.stubEnv("SSD_DISTILL_PYTHON", python!);
    const { row, about } = await measured({ threads: [1] });
    const peers = row.peers as { name: string; ms: number; ratio: number; spread: object }[];
    expect(peers.length).toBeGreaterThan(0);
    expect(row.peer_ms).toBe(Math.min(...peers.map(({ ms }) => ms)));
    const best = peers.find(({ ms }) => ms === row.peer_ms)!;
    expect(row).toMatchObject({ peer: best.name, ratio: best.ratio, spread: best.spread });
    expect(about.versions).toHaveProperty("numpy");
  });
});
