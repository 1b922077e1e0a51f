import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { Golden } from "../support/golden.js";
import { pythonWith } from "../support/python.js";
import { compare, domainNames } from "./compare.js";

// The same comparisons on inputs nobody has seen: the references run here, with a new seed each
// time. SSD_DISTILL_PYTHON is a Python with torch, SSD_DISTILL_SEED repeats a run.

const python = pythonWith("torch", true);
const seed = Number(process.env.SSD_DISTILL_SEED ?? 1 + Math.floor(Math.random() * 1e9));
const script = fileURLToPath(new URL("../../scripts/golden/main.py", import.meta.url));

if (python !== undefined) {
  describe(`fresh inputs, SSD_DISTILL_SEED=${seed}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "ssd-distill-golden-"));
    let fresh: Golden;

    beforeAll(() => {
      console.info(`fresh parity: SSD_DISTILL_SEED=${seed}`);
      execFileSync(python, [script, "--seed", String(seed), "--out", folder]);
      fresh = new Golden(folder);
    }, 300_000);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    for (const domain of domainNames) {
      it(domain, () => {
        for (const sample of fresh.cases(domain)) compare(fresh, domain, sample);
      }, 60_000);
    }
  });
} else {
  describe.skip(`fresh inputs: skipped, python3 has no torch (set SSD_DISTILL_PYTHON)`, () => {
    it("compares every domain on random inputs", () => {});
  });
}
