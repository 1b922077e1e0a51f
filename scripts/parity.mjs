// `npm run parity`: references beside PyTorch, every tensor whole; the engine held to
// them; one table of how far it is. `--filter DOMAIN`, `--seed N`, `--json FILE`. Without a Python that
// has torch it says so and takes the committed references.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findPython, makeReferences } from "./references.mjs";
import { ask, Failure, root } from "./steps.mjs";
import { summaryOf, tableOf } from "./table.mjs";

const { values } = parseArgs({
  options: {
    filter: { type: "string" },
    seed: { type: "string", default: "1" },
    json: { type: "string" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "ssd-distill-parity-"));
const start = performance.now();

try {
  const golden = await references();
  const { rows, output } = compare(golden);
  const about = { ...(await versions(golden)), seconds: Math.round(seconds()) };
  const { text, ok } = summaryOf(rows, about);
  process.stdout.write(`${tableOf(rows)}\n${text}\n`);
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ ...about, ok, rows }, null, 1)}\n`);
  }
  // Something that threw has left no row.
  if (!output.ok) process.stderr.write(output.out.split("\n").slice(-60).join("\n"));
  process.exitCode = ok && output.ok ? 0 : 1;
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  say(error.message);
  process.exitCode = error.code;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The folder of the references that the engine is held to. */
async function references() {
  const found = findPython();
  if (found === undefined) {
    say("no Python with torch (SSD_DISTILL_PYTHON or python3): comparing the committed references");
    return join(root, "test", "golden");
  }
  say(`references beside torch ${found.torch}, --seed ${values.seed}`);
  const only = values.filter === undefined ? [] : ["--only", values.filter];
  await makeReferences(found, folder, ["--full", "--seed", values.seed, ...only]);
  say(`references: done (${seconds().toFixed(0)} s)`);
  return folder;
}

function compare(golden) {
  const file = join(folder, "rows.jsonl");
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/vitest.config.ts"];
  const wanted = `^${values.filter ?? "\\w+"} against float64`;
  const env = { ...process.env, SSD_DISTILL_GOLDEN: golden, SSD_DISTILL_PARITY_ROWS: file };
  const output = ask(process.execPath, [...vitest, "test/parity", "-t", wanted], { env });
  if (!existsSync(file)) {
    process.stderr.write(output.out);
    throw new Failure("expected comparisons, got none");
  }
  const { cases } = JSON.parse(readFileSync(join(golden, "manifest.json"), "utf8"));
  const places = Object.entries(cases).flatMap(([domain, list]) =>
    list.map(({ name }) => `${domain}/${name}`),
  );
  const place = (row) => places.indexOf(`${row.domain}/${row.case}`);
  const rows = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { rows: rows.sort((a, b) => place(a) - place(b)), output };
}

async function versions(golden) {
  const { torch, seed, full } = JSON.parse(readFileSync(join(golden, "manifest.json"), "utf8"));
  const { loadEngine } = await import("../dist/native.js");
  const { libtorch, cpu } = loadEngine().engine.info();
  return { torch, libtorch, seed, full, device: `cpu (${cpu})` };
}

function seconds() {
  return (performance.now() - start) / 1000;
}

function say(line) {
  process.stderr.write(`parity: ${line}\n`);
}
