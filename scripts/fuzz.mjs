// Fuzzes the compiled readers of weight files: `npm run fuzz -- --cases 100000 --seed 1`. A case that
// fails is kept in a file, whose path is printed; the exit code is then 1.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { campaign, seedFiles } from "./fuzz/campaign.mjs";
import { root } from "./steps.mjs";

/** A case that takes longer than this hangs. */
const patienceMs = 20_000;

if (isMainThread) await main();
else await work();

async function main() {
  const { values } = parseArgs({
    options: {
      cases: { type: "string", default: "100000" },
      seed: { type: "string", default: String(1 + Math.floor(Math.random() * 1e9)) },
    },
  });
  const options = { cases: Number(values.cases), seed: Number(values.seed) };
  const folder = mkdtempSync(join(tmpdir(), "ssd-distill-fuzz-"));
  const file = join(folder, "case.bin");
  console.log(`fuzz: ${options.cases} cases, seed ${options.seed}`);
  const start = performance.now();
  const { failure, ...result } = await supervise({ ...options, file });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  for (const [outcome, count] of [...(result.outcomes ?? [])].sort((a, b) => b[1] - a[1]))
    console.log(`${String(count).padStart(8)}  ${outcome}`);
  if (failure !== undefined) {
    console.log(`fuzz: failed after ${result.cases} cases, ${seconds} s: ${failure}`);
    console.log(`fuzz: the case is ${file}`);
    process.exit(1);
  }
  rmSync(folder, { recursive: true });
  const { most, kept, outcomes } = result;
  console.log(
    `fuzz: ${result.cases} cases in ${seconds} s, seed ${options.seed}: ${outcomes.size} outcomes, ${kept} mutants kept, ` +
      `at most ${most.ms.toFixed(0)} ms, ${mib(most.bytes)} (${mib(most.counted)} counted) a case, ` +
      `${mib(process.memoryUsage.rss())} in all, no failure`,
  );
}

function mib(bytes) {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

/** Runs the cases in a thread of their own, which can be ended when it hangs. */
function supervise(options) {
  const worker = new Worker(new URL(import.meta.url), { workerData: options });
  return new Promise((resolve) => {
    let cases = 0;
    const end = (result) => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(result);
    };
    const hang = () => end({ cases, failure: `no answer within ${patienceMs} ms` });
    let timer = setTimeout(hang, patienceMs);
    worker.on("message", (message) => {
      if (message.failure !== undefined || message.outcomes !== undefined) return end(message);
      cases = message.cases;
      clearTimeout(timer);
      timer = setTimeout(hang, patienceMs);
      if (cases % 10_000 === 0) console.log(`fuzz: ${cases} cases`);
    });
    worker.on("error", (error) => end({ cases, failure: error.stack ?? String(error) }));
  });
}

async function work() {
  const dist = (name) => import(new URL(`../dist/checkpoint/${name}.js`, import.meta.url));
  const [{ Source }, weights, safetensors] = await Promise.all(
    ["source", "weights", "safetensors"].map(dist),
  );
  const reader = { Source, ...weights, ...safetensors };
  const openBefore = openFiles();
  const result = await campaign({
    ...workerData,
    reader,
    seeds: seedFiles(join(root, "test", "golden", "weights")),
    onCase: (cases) => {
      if (cases % 10 === 0) parentPort.postMessage({ cases });
    },
  });
  const left = openFiles() - openBefore;
  const failure = result.failure ?? (left > 0 ? `${left} files were left open` : undefined);
  parentPort.postMessage({ ...result, failure });
}

function openFiles() {
  return readdirSync("/proc/self/fd").length;
}
