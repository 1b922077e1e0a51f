import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { readCheckpoint } from "../../lib/checkpoint/store.js";
import { Detector } from "../../lib/detector.js";
import { evaluate } from "../../lib/evaluate/evaluate.js";
import type { TrainEvent } from "../../lib/train/events.js";
import { type TrainOptions, train } from "../../lib/train/run.js";
import { Trainer } from "../../lib/train/trainer.js";
import {
  digests,
  digestsOf,
  numbers,
  ownCache,
  randomBatch,
  shapes,
  smallDetector,
} from "../support/small.js";
import { temporaryFolder } from "../support/temporary.js";

beforeEach(() => {
  ownCache();
});

const ema = { decay: 0.8, warmup: 3 };

/** Twelve pictures, ten to train on: five steps an epoch. */
function options(more: Partial<TrainOptions> = {}): TrainOptions {
  return { data: shapes(), epochs: 3, batch: 2, valFraction: 0.15, threads: 1, ...more };
}

/** Every tensor of the student's own weights as numbers. */
function values(student: Detector): number[][] {
  return Object.values(student.stateDict()).map(numbers);
}

/** The tensors of a checkpoint: the student's own, and the average. */
async function halves(out: string, name: string) {
  const { tensors } = await readCheckpoint(join(out, "checkpoints", `${name}.safetensors`));
  const all = [...tensors.values()].filter((tensor) => !tensor.name.startsWith("optimizer."));
  const averaged = all.filter((tensor) => tensor.name.startsWith("ema."));
  const renamed = averaged.map((tensor) => ({ ...tensor, name: tensor.name.slice(4) }));
  const own = all.filter((tensor) => !averaged.includes(tensor));
  const { steps, ...average } = digestsOf(renamed);
  expect(steps).toBeDefined();
  return { own: digestsOf(own), average };
}

test("a run trains as without it and leaves the average of all its steps, phases and all", async () => {
  const data = shapes();
  const freeze = { epochs: 1 };
  const [plain, student] = [smallDetector(), smallDetector()];
  let expected = values(student);
  const losses: number[] = [];
  const onEvent = (event: TrainEvent) => {
    if (event.kind !== "step") return;
    losses.push(event.loss.total);
    const d = ema.decay * (1 - Math.exp(-event.step / ema.warmup));
    const now = values(student);
    const mixed = (average: number, i: number, k: number) => d * average + (1 - d) * now[i]![k]!;
    expected = expected.map((tensor, i) => tensor.map((value, k) => mixed(value, i, k)));
  };
  const { history } = await train(student, options({ data, freeze, ema, onEvent })).done;
  const untouched: number[] = [];
  const alone = await train(
    plain,
    options({
      data,
      freeze,
      onEvent: (event) => void (event.kind === "step" && untouched.push(event.loss.total)),
    }),
  ).done;
  expect(losses).toEqual(untouched);
  // What is validated is the average.
  expect(history.map(({ val }) => val)).not.toEqual(alone.history.map(({ val }) => val));
  const names = Object.keys(student.stateDict());
  for (const [i, tensor] of values(student).entries()) {
    if (names[i]!.endsWith("num_batches_tracked")) expect(tensor).toEqual([10]);
    else
      tensor.forEach((value, k) => void expect(value, names[i]).toBeCloseTo(expected[i]![k]!, 4));
  }
});

test("validation, report and the files are of the average; a checkpoint holds both", async () => {
  const val = shapes({ images: 6 });
  const out = temporaryFolder();
  const student = smallDetector();
  const raw: Record<string, string>[] = [];
  const onEvent = ({ kind }: TrainEvent) => {
    if (kind === "epoch") raw.push(digests(student));
  };
  const report = await train(student, options({ val, valFraction: 0, ema, out, keep: 3, onEvent }))
    .done;
  const measured = await evaluate(student, val, { batch: 2 });
  expect(report.history.at(-1)!.map).toBe(measured.map);
  expect(report.history.at(-1)!.val).toMatchObject(measured.loss);
  expect(report.last!.detections).toEqual(measured.detections);

  for (const [i, own] of raw.entries()) {
    const both = await halves(out, `epoch-00${i + 1}`);
    expect(both.own).toEqual(own);
    expect(both.average).not.toEqual(own);
  }
  const { average } = await halves(out, "last");
  expect(digests(student)).toEqual(average);
  const best = await halves(out, "best");
  const kept = await Detector.load(report.weights!);
  expect(digests(kept)).toEqual(best.average);
  const loaded = await Detector.load(join(out, "checkpoints", "best.safetensors"));
  expect(digests(loaded)).toEqual(best.average);
  expect((await evaluate(kept, val, { batch: 2 })).map).toBe(report.best.map);
});

test("a run that is stopped in an epoch leaves the average so far, and no validation", async () => {
  const out = temporaryFolder();
  const student = smallDetector();
  const stop = new AbortController();
  const onEvent = (event: TrainEvent) => {
    if (event.kind === "step" && event.step === 7) stop.abort();
  };
  const run = train(student, options({ ema, out, signal: stop.signal, onEvent }));
  await expect(run.done).rejects.toMatchObject({ code: "CANCELLED" });
  const { own, average } = await halves(out, "last");
  expect(own).not.toEqual(average);
  expect(digests(student)).toEqual(average);
});

test("a run that fails while the average is measured leaves the student whole and free", async () => {
  const student = smallDetector();
  const before: Record<string, string>[] = [];
  const onEvent = ({ kind }: TrainEvent) => {
    if (kind !== "validate") return;
    before.push(digests(student));
    throw new RangeError("no more");
  };
  await expect(train(student, options({ ema, onEvent })).done).rejects.toThrow("no more");
  expect(digests(student)).toEqual(before[0]);
  using trainer = new Trainer(student);
  expect((await trainer.step(randomBatch(2))).loss.total).toBeGreaterThan(0);
});

test("a finished run that is resumed has the average again", async () => {
  const out = temporaryFolder();
  const student = smallDetector();
  await train(student, options({ ema, out })).done;
  const again = smallDetector(5);
  const events: string[] = [];
  const onEvent = ({ kind }: TrainEvent) => void events.push(kind);
  await train(again, { ...options({ ema, out, onEvent }), resume: true }).done;
  expect(events).not.toContain("step");
  expect(digests(again)).toEqual(digests(student));
});
