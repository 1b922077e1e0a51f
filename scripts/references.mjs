// Makes the float64 references of scripts/golden: finds a Python with torch, hands it the presets.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, Failure, root, run } from "./steps.mjs";

/**
 * A Python that has torch: SSD_DISTILL_PYTHON, else python3.
 *
 * @returns Its path and torch's version, or undefined when python3 has no torch.
 * @throws Failure when SSD_DISTILL_PYTHON is set and has none.
 */
export function findPython() {
  const chosen = process.env.SSD_DISTILL_PYTHON;
  const python = chosen ?? "python3";
  const { ok, out } = ask(python, ["-c", "import torch; print(torch.__version__)"]);
  if (ok) return { python, torch: out.trim() };
  if (chosen === undefined) return undefined;
  throw new Failure(`SSD_DISTILL_PYTHON: expected a Python with torch, got ${chosen}`, 2);
}

/** Writes references into a folder; `args` go to main.py. */
export async function makeReferences({ python }, out, args) {
  const { presets } = await import("../dist/presets.js");
  mkdirSync(out, { recursive: true });
  const file = join(out, "presets.json");
  writeFileSync(file, JSON.stringify(presets));
  const main = join(root, "scripts", "golden", "main.py");
  run(python, ["-W", "ignore", main, "--out", out, "--presets", file, ...args]);
}
