// What JavaScript adds to a training step, and whether anything grows: `node scripts/bench/overhead.mjs
// [steps] [runs]`, after `npm run setup`. One JSON object:
//   js_ms     time a step that the event loop is busy: all that JavaScript does in a run
//   extra_ms  a step's wall time less what the engine says it took: JavaScript, two changes of threads, waiting
//   rss_mb    resident memory in the course of the steps: after the first tenth, at its most, at the end
//   threads   of the process before the runs, after the first few and after all
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Detector, synthetic, Tensor, Trainer, train } from "../../dist/index.js";

const steps = Number(process.argv[2] ?? 10_000);
const runs = Number(process.argv[3] ?? 200);

/** Three maps of 32 pixels and nothing deep: the engine's part of a step is small. */
const tiny = {
  name: "tiny",
  backbone: { kind: "stages", channels: [4, 6, 8, 8], depth: 0 },
  head: "conv",
  size: 32,
  maps: [4, 2],
  steps: [8, 16],
  sizes: [8, 14, 24],
  ratios: [[2], [2]],
  clip: true,
  stepConvention: "fixed",
  variances: [0.1, 0.2],
  coderClip: null,
  batchNorm: { eps: 1e-5, momentum: 0.1 },
  mean: [120, 115, 105],
  std: [60, 58, 57],
};
const classes = ["circle", "square", "triangle"];

const folder = await mkdtemp(join(tmpdir(), "ssd-overhead-"));
try {
  const data = synthetic("shapes", { images: 16, size: 64, dir: join(folder, "shapes") });
  const measured = await measureSteps(data);
  console.log(JSON.stringify({ steps, runs, ...measured, threads: await countThreads() }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** One run of so many steps. */
async function measureSteps(data) {
  const student = Detector.create(tiny, { classes, seed: 0 });
  const epochs = Math.ceil(steps / 4);
  const options = { data, epochs, batch: 4, threads: 1, valFraction: 0, cache: "ram" };
  const js = [];
  const rss = [];
  let last;
  const began = performance.eventLoopUtilization();
  const onEvent = (event) => {
    if (event.kind !== "step") return;
    const now = performance.now();
    // The first of an epoch waits for its order, and the loader's threads begin anew.
    if (last !== undefined && event.batch > 1) js.push(now - last - event.dataMs - event.stepMs);
    last = now;
    if (event.step % Math.ceil(steps / 100) === 0) rss.push(process.memoryUsage.rss() / 1e6);
  };
  await train(student, { ...options, onEvent }).done;
  js.sort((a, b) => a - b);
  const at = (share) => round(js[Math.floor(share * (js.length - 1))]);
  const js_ms = {
    median: at(0.5),
    p90: at(0.9),
    mean: round(js.reduce((a, b) => a + b) / js.length),
  };
  const early = rss[Math.floor(rss.length / 10)];
  return {
    js_ms,
    rss_mb: { early: round(early), most: round(Math.max(...rss)), end: round(rss.at(-1)) },
  };
}

/** So many trainers, each with a step and disposed of. */
async function countThreads() {
  const images = Tensor.from(new Float32Array(2 * 3 * 32 * 32).fill(0.5), [2, 3, 32, 32]);
  const targets = [0, 1].map((label) => ({ boxes: [[0.2, 0.2, 0.7, 0.7]], labels: [label] }));
  const before = threads();
  let early = before;
  for (let i = 0; i < runs; i++) {
    const trainer = new Trainer(Detector.create(tiny, { classes, seed: i }));
    await trainer.step({ images, targets });
    trainer.dispose();
    if (i === 4) early = threads();
  }
  return { before, early, end: threads() };
}

function threads() {
  return Number(/^Threads:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}
