import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { TrainEvent } from "../../../lib/train/events.js";
import { MetricsLog } from "../../../lib/train/log.js";
import { failure } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

const loss = { total: 2, conf: 1.5, loc: 0.5 };
const step: TrainEvent = {
  kind: "step",
  step: 3,
  epoch: 1,
  to: 2,
  batch: 3,
  batches: 4,
  loss,
  means: loss,
  lr: 1e-3,
  dataMs: 1.23456,
  stepMs: 10,
};
const epoch: TrainEvent = {
  kind: "epoch",
  epoch: 1,
  epochs: 2,
  loss,
  articleTotal: 1.6,
  lr: 1e-3,
  val: { conf: 1, loc: 2, total: 3 },
  map: 0.25,
  best: true,
};

async function linesOf(folder: string): Promise<unknown[]> {
  const text = await readFile(join(folder, "metrics.jsonl"), "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("a line a step and a line an epoch, and of the rest nothing", async () => {
  const folder = temporaryFolder();
  const log = new MetricsLog(folder);
  log.record({ kind: "data", train: 1, val: 0, problems: [] });
  log.record(step);
  log.record({ kind: "saved", file: "x", epoch: 1 });
  log.record(epoch);
  await log.flush();
  expect(await linesOf(folder)).toEqual([
    { step: 3, epoch: 1, loss, lr: 1e-3, data_ms: 1.23, step_ms: 10 },
    { epoch: 1, loss, val: { conf: 1, loc: 2, total: 3 }, map: 0.25, article_total: 1.6, lr: 1e-3 },
  ]);
});

test("a step's facts stand between its rate and its times", async () => {
  const folder = temporaryFolder();
  const log = new MetricsLog(folder);
  log.record({ ...step, gradNorm: 2.5, scale: 1024, skipped: true });
  await log.flush();
  expect(await linesOf(folder)).toEqual([
    {
      ...{ step: 3, epoch: 1, loss, lr: 1e-3, grad_norm: 2.5, scale: 1024, skipped: true },
      ...{ data_ms: 1.23, step_ms: 10 },
    },
  ]);
});

test("the teacher's quality is a line of its own", async () => {
  const folder = temporaryFolder();
  const log = new MetricsLog(folder);
  const none = { classes: [], detections: [], loss: { conf: 0, loc: 0 }, msPerPicture: 1 };
  log.record({ kind: "teacher", evaluation: { map: 0.75, ...none } });
  await log.flush();
  expect(await linesOf(folder)).toEqual([{ teacher: { map: 0.75 } }]);
});

test("lines stay in order, are written once, and go on where a file ends", async () => {
  const folder = temporaryFolder();
  const [first, second] = [new MetricsLog(folder), new MetricsLog(folder)];
  const flushes = Array.from({ length: 20 }, (_, i) => {
    first.record({ ...step, step: i });
    return first.flush();
  });
  await Promise.all(flushes);
  await first.flush();
  second.record({ ...step, step: 20 });
  await second.flush();
  const steps = (await linesOf(folder)).map((line) => (line as { step: number }).step);
  expect(steps).toEqual(Array.from({ length: 21 }, (_, i) => i));
});

test("where it cannot be written it says so", async () => {
  const folder = temporaryFolder();
  await mkdir(join(folder, "metrics.jsonl"));
  const log = new MetricsLog(folder);
  log.record(step);
  await expect(log.flush()).rejects.toEqual(failure("BAD_DATA", join(folder, "metrics.jsonl")));
});
