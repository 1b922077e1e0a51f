import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { DataSource } from "../../lib/data/dataset.js";
import { parseSource } from "../../lib/data/sources.js";
import { Detector } from "../../lib/detector.js";
import { loadEngine } from "../../lib/native.js";
import type { Preset } from "../../lib/presets.js";
import type { Step } from "../../lib/train/events.js";
import { type TrainOptions, train } from "../../lib/train/run.js";
import { hasData, onRealData, realData } from "../support/data.js";
import { digests, failure, ownCache, shapes, small, smallDetector } from "../support/small.js";
import { temporaryFolder } from "../support/temporary.js";

beforeEach(() => {
  ownCache();
});

/** Steps of a run that goes through. */
async function stepsOf(student: Detector, options: TrainOptions): Promise<Step[]> {
  const steps: Step[] = [];
  for await (const step of train(student, options)) steps.push(step);
  return steps;
}

/** A curve without its noise: the mean of the last steps, as far as there are any. */
function smoothed(values: readonly number[], width: number): number[] {
  return values.map((_, i) => {
    const window = values.slice(Math.max(0, i + 1 - width), i + 1);
    return window.reduce((sum, value) => sum + value, 0) / window.length;
  });
}

/** Learns something of real pictures, and takes bf16 in its stride where it has to be emulated. */
const modest: Preset = {
  ...small,
  name: "modest",
  backbone: { kind: "stages", channels: [8, 12, 16, 16], depth: 0 },
  size: 64,
  maps: [8, 4],
  sizes: [12, 24, 48],
};

describe.skipIf(!hasData("bccd"))(onRealData("bccd"), () => {
  test("200 steps in bf16 keep within 2 % of those in fp32", async () => {
    loadEngine().engine.setThreads(1);
    const data = parseSource(`voc:${realData("bccd")}`);
    const { classes } = await data.read();
    const curve = async (precision: "fp32" | "bf16") => {
      const student = Detector.create(modest, { classes, seed: 0 });
      const optimizer = { name: "sgd" as const, lr: 2e-3 };
      const options = { data, optimizer, precision, limit: 80, batch: 8, valFraction: 0 };
      const steps = await stepsOf(student, { ...options, epochs: 20, threads: 1 });
      expect(steps).toHaveLength(200);
      return smoothed(
        steps.map(({ loss }) => loss.total),
        20,
      );
    };
    const [full, half] = [await curve("fp32"), await curve("bf16")];
    // Both learn: a curve that stays where it is proves nothing.
    expect(full.at(-1)).toBeLessThan(0.6 * full[0]!);
    expect(half).not.toEqual(full);
    const apart = full.map((value, i) => Math.abs(half[i]! / value - 1));
    expect(Math.max(...apart)).toBeLessThan(0.02);
  });
});

describe("fp16", () => {
  const options = (data: DataSource, more: Partial<TrainOptions> = {}): TrainOptions => ({
    ...{ data, precision: "fp16", epochs: 3, batch: 2, valFraction: 0.15, threads: 1 },
    ...more,
  });

  test("tells the scale of every step, in its log too, and keeps it in the checkpoint", async () => {
    const [data, out] = [shapes(), temporaryFolder()];
    const steps = await stepsOf(smallDetector(), options(data, { out }));
    expect(steps).toHaveLength(15);
    for (const { scale, skipped } of steps) {
      expect(scale).toBeGreaterThan(0);
      expect(Math.log2(scale!) % 1).toBe(0);
      expect(skipped ?? true).toBe(true);
    }
    const lines = (await readFile(join(out, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
    const logged = lines.map((line) => JSON.parse(line)).filter(({ step }) => step !== undefined);
    expect(logged.map(({ scale }) => scale)).toEqual(steps.map(({ scale }) => scale));
  });

  test("stopped and resumed is the run that was not, to the bit", async () => {
    const data = shapes();
    const whole = smallDetector();
    const expected = await stepsOf(whole, options(data));
    const out = temporaryFolder();
    const run = train(smallDetector(), options(data, { out }));
    for await (const { step } of run) if (step === 4) break;
    const { steps } = await run.done;
    const student = smallDetector(9);
    const rest = await stepsOf(student, options(data, { out, resume: true }));
    const facts = ({ step, loss, scale, skipped }: Step) => ({ step, loss, scale, skipped });
    expect(rest.map(facts)).toEqual(expected.slice(steps).map(facts));
    expect(digests(student)).toEqual(digests(whole));
  });

  test("goes on from a run in another precision with a scale of its own", async () => {
    const [data, out] = [shapes(), temporaryFolder()];
    await train(smallDetector(), options(data, { out, precision: "fp32", epochs: 1 })).done;
    const rest = await stepsOf(smallDetector(), options(data, { out, resume: true }));
    expect(rest[0]!.scale).toBe(65536);
  });
});

describe("steps of several batches", () => {
  test("take as many as asked for, the last of an epoch what is left", async () => {
    const data = shapes({ images: 14 });
    const more = { data, batch: 2, accumulate: 3, epochs: 2, valFraction: 0, threads: 1 };
    const out = temporaryFolder();
    const steps = await stepsOf(smallDetector(), { ...more, out });
    // Seven batches: three, three and one.
    expect(steps.map(({ step, batch, batches }) => [step, batch, batches])).toEqual(
      [1, 2, 3, 4, 5, 6].map((step) => [step, ((step - 1) % 3) + 1, 3]),
    );
    const again = { ...more, out, accumulate: 2, epochs: 3, resume: true };
    await expect(train(smallDetector(), again).done).rejects.toEqual(
      failure("BAD_CHECKPOINT", "accumulate 3, got 2"),
    );
  });

  test("stopped and resumed are the same to the bit", async () => {
    const data = shapes();
    const more = { data, batch: 2, accumulate: 2, clip: 1, epochs: 3, valFraction: 0, threads: 1 };
    const whole = smallDetector();
    await train(whole, more).done;
    const out = temporaryFolder();
    const run = train(smallDetector(), { ...more, out });
    for await (const { step } of run) if (step === 4) break;
    await run.done;
    const student = smallDetector(9);
    const rest = await stepsOf(student, { ...more, out, resume: true });
    expect(rest.length).toBeGreaterThan(0);
    for (const { gradNorm } of rest) expect(gradNorm).toBeGreaterThan(0);
    expect(digests(student)).toEqual(digests(whole));
  });
});

test("deterministic kernels are asked for by the run that wants them, and only then", async () => {
  const data = shapes();
  const { engine } = loadEngine();
  const more = { data, batch: 4, epochs: 1, valFraction: 0, threads: 1 };
  const [one, other] = [smallDetector(), smallDetector()];
  await train(one, { ...more, deterministic: true }).done;
  expect(engine.info().deterministic).toBe(true);
  await train(other, more).done;
  expect(engine.info().deterministic).toBe(false);
  // On the CPU they are the only ones there are.
  expect(digests(one)).toEqual(digests(other));
});
