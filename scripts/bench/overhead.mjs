// What JavaScript adds to a training step, and whether anything grows: `node scripts/bench/overhead.mjs
// [steps] [runs]`, after `npm run setup`. One JSON object:
//   js_ms     processor time a step of JavaScript's thread, all that it does in a run: over the epochs; and the
//             share of it in the kernel, which wakes the engine's thread and lets this one sleep
//   extra_ms  a step's wall time less what the engine says it took: JavaScript, two changes of threads, waiting
//   rss_mb    resident memory in the course of the steps: after the first tenth, at its most, at the end
//   threads   of the process before the runs, after the first few and after all
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
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
const perEpoch = 64;
const classes = ["circle", "square", "triangle"];

const folder = await mkdtemp(join(tmpdir(), "ssd-overhead-"));
try {
  const data = synthetic("shapes", { images: 4 * perEpoch, size: 64, dir: join(folder, "shapes") });
  const measured = await measureSteps(data);
  console.log(JSON.stringify({ steps, runs, ...measured, threads: await countThreads(data) }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** One run of so many steps. */
async function measureSteps(data) {
  const student = Detector.create(tiny, { classes, seed: 0 });
  const epochs = Math.ceil(steps / perEpoch);
  const js = [];
  const extra = [];
  const rss = [];
  let last;
  let spent;
  const onEvent = (event) => {
    if (event.kind !== "step") return;
    const now = performance.now();
    if (event.batch === perEpoch) {
      const total = threadMs();
      // Not the first: the data are made ready, and what is compiled when it is first used.
      if (event.epoch > 1) js.push((total - spent) / perEpoch);
      spent = total;
    }
    // The first of an epoch waits for its order, and the loader's threads begin anew.
    if (event.batch > 1) extra.push(now - last - event.dataMs - event.stepMs);
    last = now;
    if (event.step % Math.ceil(steps / 100) === 0) rss.push(process.memoryUsage.rss() / 1e6);
  };
  const before = threadTicks();
  await train(student, { ...once(data), epochs, onEvent }).done;
  const [user, kernel] = threadTicks().map((ticks, at) => ticks - before[at]);
  const early = rss[Math.floor(rss.length / 10)];
  return {
    js_ms: { ...spread(js), kernel: round(kernel / (user + kernel)) },
    extra_ms: spread(extra),
    rss_mb: { early: round(early), most: round(Math.max(...rss)), end: round(rss.at(-1)) },
  };
}

/** Of what a machine's other work only adds to. */
function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => round(sorted[Math.floor(share * (sorted.length - 1))]);
  return { p10: at(0.1), median: at(0.5), p90: at(0.9) };
}

/** So many runs, each of two steps, and as many trainers, each with one and disposed of. */
async function countThreads(data) {
  const images = Tensor.from(new Float32Array(2 * 3 * 32 * 32).fill(0.5), [2, 3, 32, 32]);
  const targets = [0, 1].map((label) => ({ boxes: [[0.2, 0.2, 0.7, 0.7]], labels: [label] }));
  const before = threads();
  let early = before;
  for (let i = 0; i < runs; i++) {
    const student = Detector.create(tiny, { classes, seed: i });
    await train(student, { ...once(data), epochs: 1, limit: 8 }).done;
    const trainer = new Trainer(student);
    await trainer.step({ images, targets });
    trainer.dispose();
    if (i !== 4) continue;
    await wait(100);
    early = threads();
  }
  // One that has been waited for may be counted a moment longer.
  await wait(100);
  return { before, early, end: threads() };
}

function once(data) {
  return { data, batch: 4, threads: 1, valFraction: 0, cache: "ram" };
}

/** Processor time of this thread so far, in milliseconds, whatever else the machine does. */
function threadMs() {
  const text = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8");
  return Number(text.split(" ")[0]) / 1e6;
}

/** The same in the kernel's ticks: in programs, and in the kernel. */
function threadTicks() {
  const text = readFileSync(`/proc/self/task/${process.pid}/stat`, "utf8");
  // Behind the name, which may hold anything.
  return text.slice(text.lastIndexOf(")")).split(" ").slice(12, 14).map(Number);
}

function threads() {
  return Number(/^Threads:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}
