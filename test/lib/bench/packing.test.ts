import { readdirSync } from "node:fs";
import { beforeEach, expect, test, vi } from "vitest";
import { runBench } from "../../../lib/bench/bench.js";
import { jpegDecoder } from "../../../lib/data/jpeg.js";
import { failure, ownCache } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, writeDevkit } from "../../support/voc.js";

const note = () => {};

beforeEach(ownCache);

test("row pack: packing beside sharp's decoding and our own, and nothing is left", async () => {
  const folder = temporaryFolder();
  vi.stubEnv("TMPDIR", folder);
  const { rows } = await runBench(["pack"], { pictures: 5, rounds: 3 }, { note });
  vi.unstubAllEnvs();
  expect(rows).toHaveLength(1);
  const row = rows[0]! as Record<string, number>;
  expect(row).toMatchObject({ name: "pack", pictures: 5, rounds: 3, decoder: jpegDecoder() });
  expect(row.pictures_per_second).toBeCloseTo(1000 / row.ours_ms!, 9);
  expect(Math.min(row.ours_ms!, row.peer_ms!, row.floor_ms!)).toBeGreaterThan(0);
  const { min, median, max } = row.spread as unknown as Record<string, number>;
  expect(row.ratio).toBe(median);
  expect(min).toBeLessThanOrEqual(max!);
  expect(row.of_decoding_alone).toBeGreaterThan(0);
  expect(readdirSync(folder)).toEqual([]);
});

test("of pictures of one's own; what cannot be decoded is an error", async () => {
  const dir = await writeDevkit(temporaryFolder(), { a: [cat], b: [dog] });
  const { rows } = await runBench(["pack"], { data: `voc:${dir}`, rounds: 1 }, { note });
  expect(rows[0]).toMatchObject({ data: `voc:${dir}`, pictures: 2 });
  const none = runBench(["pack"], { data: "voc:/none/such" }, { note });
  await expect(none).rejects.toEqual(failure("BAD_DATA"));
});
