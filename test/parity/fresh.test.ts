import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Golden } from "../support/golden.js";
import { compare, domainNames, heavy } from "./compare.js";

// The same comparisons on inputs nobody has seen, of the domains that take no minutes: the references
// run here, with a new seed each time. SSD_DISTILL_PYTHON is a Python with torch, SSD_DISTILL_SEED
// repeats a run.

const seed = process.env.SSD_DISTILL_SEED ?? String(1 + Math.floor(Math.random() * 1e9));
const script = fileURLToPath(new URL("../../scripts/golden.mjs", import.meta.url));
const golden = (...args: string[]) =>
  spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });

// Where the references are somebody's choice, this is not the place for others.
const probe = process.env.SSD_DISTILL_GOLDEN ? undefined : golden("--probe");

if (probe?.status === 0 || process.env.SSD_DISTILL_PYTHON) {
  describe(`fresh inputs, SSD_DISTILL_SEED=${seed}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "ssd-distill-golden-"));
    let fresh: Golden;

    beforeAll(() => {
      console.info(`fresh parity: SSD_DISTILL_SEED=${seed}`);
      const { status, stderr } = golden("--light", "--full", "--seed", seed, "--out", folder);
      expect(status, stderr).toBe(0);
      fresh = new Golden(folder);
    }, 300_000);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    for (const domain of domainNames.filter((name) => !heavy.includes(name))) {
      it(domain, async () => {
        for (const sample of fresh.cases(domain)) await compare(fresh, domain, sample);
      }, 60_000);
    }
  });
} else {
  describe.skip(`fresh inputs: skipped, ${probe?.stderr.trim() ?? "references were given"}`, () => {
    it("compares every domain on random inputs", () => {});
  });
}
