import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { readCheckpoint } from "../../lib/checkpoint/store.js";
import type { DataSource } from "../../lib/data/dataset.js";
import { Detector } from "../../lib/detector.js";
import type { TrainEvent } from "../../lib/train/events.js";
import { type TrainOptions, train } from "../../lib/train/run.js";
import { digests, digestsOf, ownCache, shapes, smallDetector } from "../support/small.js";
import { temporaryFolder } from "../support/temporary.js";

beforeEach(() => {
  ownCache();
});

/** Twelve pictures, ten to train on: five steps an epoch. */
function optionsOf(data: DataSource, more: Partial<TrainOptions>): TrainOptions {
  const out = temporaryFolder();
  return { data, epochs: 3, batch: 2, valFraction: 0.15, threads: 1, out, ...more };
}

/** The lines of a run's metrics without what a clock says. */
async function metrics(out: string): Promise<object[]> {
  const text = await readFile(join(out, "metrics.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .map(({ data_ms: _, step_ms: __, ...rest }) => rest);
}

/** A run that goes through, and what is left of it. */
async function straight(options: TrainOptions) {
  const student = smallDetector();
  const { history, best, steps, weights } = await train(student, options).done;
  return {
    history,
    best,
    steps,
    weights: digests(student),
    kept: digests(await Detector.load(weights!)),
    last: await stateIn(options.out!),
    lines: await metrics(options.out!),
  };
}

/** Everything that the last checkpoint holds: weights, average, optimizer. */
async function stateIn(out: string): Promise<Record<string, string>> {
  const file = join(out, "checkpoints", "last.safetensors");
  const { tensors } = await readCheckpoint(file);
  return digestsOf([...tensors.values()]);
}

/** The same run, stopped right after a step and gone on with by a student of other weights. */
async function stopped(options: TrainOptions, after: number) {
  const onEvent = (event: TrainEvent) => {
    if (event.kind === "step" && event.step === after) void run.stop();
  };
  const run = train(smallDetector(), { ...options, onEvent });
  expect(await run.done).toMatchObject({ finished: false, steps: after });
  return await straight({ ...options, resume: true });
}

describe("a run that was stopped and resumed is the run that was not, to the bit", () => {
  test("left by break in the middle of an epoch", async () => {
    const data = shapes();
    const options = optionsOf(data, {});
    const run = train(smallDetector(), options);
    for await (const { step } of run) if (step === 7) break;
    const { epochs, steps, finished } = await run.done;
    expect([epochs, finished, steps > 5 && steps < 10]).toEqual([1, false, true]);
    expect(await straight({ ...options, resume: true })).toEqual(
      await straight(optionsOf(data, {})),
    );
  });

  const variants: [string, Partial<TrainOptions>][] = [
    ["AdamW", {}],
    ["SGD", { optimizer: { name: "sgd", lr: 0.01 } }],
    ["a freeze phase", { freeze: { epochs: 2, lr: 5e-3 }, schedule: { name: "step" } }],
    ["three workers", { workers: 3 }],
    ["an average of the weights", { ema: { decay: 0.9, warmup: 4 }, freeze: { epochs: 1 } }],
  ];
  // At the first step, in the middle, at the last of an epoch, in the last epoch.
  const places = [1, 3, 5, 8, 10, 14];
  test.each(variants)("%s, stopped anywhere", async (_name, more) => {
    const data = shapes();
    const whole = await straight(optionsOf(data, more));
    for (const after of places) {
      expect(await stopped(optionsOf(data, more), after), `after step ${after}`).toEqual(whole);
    }
  });

  test("distilled", async () => {
    const data = shapes();
    const distill = { teacher: smallDetector(1) };
    const whole = await straight(optionsOf(data, { distill }));
    const gone = await stopped(optionsOf(data, { distill }), 8);
    // The teacher is measured once more; all else is the same.
    const teacher = whole.lines[0]!;
    expect(gone.lines.filter((line) => "teacher" in line)).toEqual([teacher, teacher]);
    const rest = (lines: object[]) => lines.filter((line) => !("teacher" in line));
    expect({ ...gone, lines: rest(gone.lines) }).toEqual({ ...whole, lines: rest(whole.lines) });
  });

  test("twice", async () => {
    const data = shapes();
    const options = optionsOf(data, {});
    for (const after of [4, 11]) {
      const onEvent = (event: TrainEvent) => {
        if (event.kind === "step" && event.step === after) void run.stop();
      };
      const run = train(smallDetector(), { ...options, onEvent, resume: after > 4 });
      await run.done;
    }
    expect(await straight({ ...options, resume: true })).toEqual(
      await straight(optionsOf(data, {})),
    );
  });
});
