// Writes the committed references, test/golden, anew. `--out DIR` writes others elsewhere; what else is
// given goes to scripts/golden/main.py. `--probe` only says whether there is a Python with torch.
import { readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findPython, makeReferences } from "./references.mjs";
import { Failure, root } from "./steps.mjs";

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    seed: { type: "string", default: "1" },
    light: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    probe: { type: "boolean", default: false },
  },
});

/** References beside main.py's: see scripts/golden/README.md. */
const others = ["augment-statistics.json", "names.json", "weights"];

try {
  const found = findPython();
  if (found === undefined) {
    throw new Failure(
      "expected a Python with torch (SSD_DISTILL_PYTHON or python3), found none",
      2,
    );
  }
  if (!values.probe) await write(found);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`golden: ${error.message}\n`);
  process.exit(error.code);
}

async function write(found) {
  const committed = join(root, "test", "golden");
  const out = values.out ?? join(root, "build", "golden");
  // What an interrupted run left.
  if (values.out === undefined) rmSync(out, { recursive: true, force: true });
  const flags = ["light", "full"].filter((name) => values[name]).map((name) => `--${name}`);
  await makeReferences(found, out, ["--seed", values.seed, ...flags]);
  if (values.out !== undefined) return;
  rmSync(join(out, "presets.json"));
  // Whatever the old ones hold and the new ones do not goes with them.
  for (const name of readdirSync(committed).filter((entry) => !others.includes(entry))) {
    rmSync(join(committed, name), { recursive: true });
  }
  for (const name of readdirSync(out)) renameSync(join(out, name), join(committed, name));
  rmSync(out, { recursive: true });
}
