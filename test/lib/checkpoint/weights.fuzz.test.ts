import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as safetensors from "../../../lib/checkpoint/safetensors.js";
import { Source } from "../../../lib/checkpoint/source.js";
import * as weights from "../../../lib/checkpoint/weights.js";
import { campaign, seedFiles } from "../../../scripts/fuzz/campaign.mjs";
import { temporaryFolder } from "../../support/temporary.js";
import { weightFolder } from "../../support/weight-files.js";

// A short run of `npm run fuzz`; SSD_DISTILL_SEED repeats one.

const seed = Number(process.env.SSD_DISTILL_SEED ?? 1 + Math.floor(Math.random() * 1e9));

test(`broken files are read or refused, SSD_DISTILL_SEED=${seed}`, async () => {
  console.info(`fuzz: SSD_DISTILL_SEED=${seed}`);
  const open = readdirSync("/proc/self/fd").length;
  const result = await campaign({
    reader: { Source, ...weights, ...safetensors },
    seeds: seedFiles(weightFolder),
    file: join(temporaryFolder(), "case.bin"),
    cases: 2500,
    seed,
  });
  expect(result.failure).toBeUndefined();
  expect(result.cases).toBe(2500);
  // The mutants come far: all formats are read, and refused in many ways.
  const outcomes = [...result.outcomes.keys()];
  for (const format of ["pth", "npz", "safetensors"])
    expect(outcomes.some((outcome) => outcome.startsWith(`${format}, `))).toBe(true);
  expect(outcomes.length).toBeGreaterThan(50);
  expect(readdirSync("/proc/self/fd")).toHaveLength(open);
});

test("a reader that lets something else out is caught, and its case is kept", async () => {
  const file = join(temporaryFolder(), "case.bin");
  const broken = async (path: string) => {
    const opened = await weights.openWeights(path);
    if (opened.format === "npz") throw new TypeError("a bug");
    return opened;
  };
  const reader = { Source, ...safetensors, ...weights, openWeights: broken };
  const result = await campaign({
    reader,
    seeds: seedFiles(weightFolder),
    file,
    cases: 2500,
    seed,
  });
  expect(result.failure).toMatch(/TypeError: a bug/);
  expect(result.cases).toBeLessThan(2500);
  await expect(broken(file)).rejects.toThrow("a bug");
});
