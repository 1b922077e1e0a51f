import { expect, test } from "vitest";
import { compiled, ended, startModule } from "../support/cli.js";
import { engineEnv } from "../support/small.js";
import { temporaryFolder, writeTree } from "../support/temporary.js";

// What runs in the worker: a training that does not end by itself, told step by step.
const work = `
import { parentPort } from "node:worker_threads";
import { Detector, synthetic, train } from "${compiled("index.js")}";
const data = synthetic("shapes", { images: 6, size: 64, dir: process.env.FOLDER + "/shapes" });
const { classes } = await data.read();
const detector = Detector.create("ssd128-tiny", { classes });
const options = { data, epochs: 100_000, batch: 2, threads: 1, evalEvery: 100_000 };
for await (const { step } of train(detector, options)) parentPort.postMessage(step);
`;

// Starts the worker and waits for its third step.
const begin = `
import { on } from "node:events";
import { Worker } from "node:worker_threads";
async function start() {
  const worker = new Worker(process.env.FOLDER + "/work.mjs", { execArgv: [] });
  for await (const [step] of on(worker, "message")) if (step === 3) return worker;
}
`;

async function inProcess(program: string) {
  const FOLDER = writeTree(temporaryFolder(), { "work.mjs": work });
  const child = startModule(begin + program, { ...engineEnv(), FOLDER });
  const { out, err } = await ended(child);
  return { code: child.exitCode, signal: child.signalCode, out, err };
}

test("a worker thread that trains may be terminated; the process goes on, and starts another", async () => {
  const program = `
    for (let i = 0; i < 3; i++) console.log(await (await start()).terminate());
    console.log("alive");`;
  const out = "1\n1\n1\nalive\n";
  expect(await inProcess(program)).toEqual({ code: 0, signal: null, out, err: "" });
});

test("two workers and the main thread each have an engine of their own", async () => {
  const program = `
    import { Detector } from "index.js";
    const workers = await Promise.all([start(), start()]);
    const detector = Detector.create("ssd128-tiny", { classes: ["a"] });
    const picture = { data: new Uint8Array(12), width: 2, height: 2 };
    for (const worker of workers) {
      await worker.terminate();
      console.log((await detector.detect(picture, { minScore: 0 })).length > 0);
    }`;
  const out = "true\ntrue\n";
  expect(await inProcess(program)).toEqual({ code: 0, signal: null, out, err: "" });
});

test("the process may exit while a worker trains", async () => {
  const program = "await start(); process.exit(7);";
  expect(await inProcess(program)).toEqual({ code: 7, signal: null, out: "", err: "" });
});

test("a hundred workers that train, four at a time, may be terminated: no crash, no thread left", async () => {
  const program = `
    import { readFileSync } from "node:fs";
    const threads = () => Number(/Threads:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
    const round = async () => {
      const workers = await Promise.all([start(), start(), start(), start()]);
      const codes = await Promise.all(workers.map((worker) => worker.terminate()));
      if (codes.some((code) => code !== 1)) throw new Error("ended with " + codes);
    };
    // One that has been waited for may be counted a moment longer.
    const gone = () => new Promise((resolve) => setTimeout(resolve, 200));
    await round();
    await gone();
    const early = threads();
    for (let i = 1; i < 25; i++) await round();
    await gone();
    const end = threads();
    console.log(end <= early ? "as many threads" : end + " threads, " + early + " early");`;
  const out = "as many threads\n";
  expect(await inProcess(program)).toEqual({ code: 0, signal: null, out, err: "" });
}, 300_000);
