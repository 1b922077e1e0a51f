import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { readSafetensors } from "../../../lib/checkpoint/safetensors.js";
import { Detector } from "../../../lib/detector.js";
import type { NativeSession } from "../../../lib/native-session.js";
import { nativeTargets } from "../../../lib/ops.js";
import type { TrainEvent } from "../../../lib/train/events.js";
import { trainOptions } from "../../../lib/train/options.js";
import { type TrainOptions, train } from "../../../lib/train/run.js";
import { openSession, stepResult } from "../../../lib/train/session.js";
import { Checkpoints, noTerms, type Position, restoreState } from "../../../lib/train/state.js";
import {
  digests,
  failure,
  ownCache,
  randomBatch,
  shapeClasses,
  shapes,
  small,
  smallDetector,
} from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

beforeEach(() => {
  ownCache();
});

const position: Position = {
  epoch: 1,
  batch: 2,
  step: 7,
  sums: noTerms(false),
  best: { epoch: 1, map: 0.5 },
  history: [],
  seed: 3,
  pictures: 10,
  batchSize: 2,
  accumulate: 1,
  lost: 0,
  ema: false,
};

function sessionOf(detector: Detector, name: "sgd" | "adamw" = "adamw", ema?: object) {
  const options = trainOptions.partial({ data: true }).parse({ optimizer: { name }, ema });
  return openSession(detector, options, []);
}

async function step(session: NativeSession) {
  const { images, targets } = randomBatch(2);
  const batch = { images: images.native, targets: nativeTargets(targets) };
  return stepResult(await session.step([batch], 0.01));
}

describe("checkpoints", () => {
  async function saved(isBest: boolean, keep = 1) {
    const folder = temporaryFolder();
    const checkpoints = new Checkpoints(folder, keep);
    const [student, session] = [smallDetector(4), sessionOf(smallDetector(4))];
    const file = await checkpoints.save("epoch-001", student, session, position, isBest);
    return { folder, checkpoints, student, session, file };
  }

  test("hold weights, optimizer and position, under the names of last and best", async () => {
    const { folder, checkpoints, student, file } = await saved(true);
    expect(file).toBe(checkpoints.path("epoch-001"));
    const names = ["best", "epoch-001", "last"].map((name) => `${name}.safetensors`);
    expect((await readdir(join(folder, "checkpoints"))).sort()).toEqual(names);
    const bytes = await Promise.all(
      names.map((name) => readFile(join(folder, "checkpoints", name), "base64")),
    );
    expect(new Set(bytes).size).toBe(1);
    const other = smallDetector(5);
    const { at, tensors } = await checkpoints.resume(other);
    expect(at).toEqual(position);
    expect(digests(other)).toEqual(digests(student));
    expect(tensors.has("optimizer.first.conf.0.bias")).toBe(true);
  });

  test("the best stays what it was when a later one is not", async () => {
    const { checkpoints, student, session } = await saved(true);
    const best = await readFile(checkpoints.path("best"), "base64");
    await checkpoints.save("epoch-002", student, session, { ...position, step: 8 }, false);
    expect(await readFile(checkpoints.path("best"), "base64")).toBe(best);
    expect((await checkpoints.resume(student)).at.step).toBe(8);
    await checkpoints.save("epoch-003", student, session, { ...position, step: 9 }, true);
    expect(await readFile(checkpoints.path("best"), "base64")).not.toBe(best);
  });

  test.each([
    [0, []],
    [2, ["epoch-003", "epoch-004"]],
  ])("of keep %d the newest stay: %j", async (keep, names) => {
    const { folder, checkpoints, student, session } = await saved(false, keep);
    for (const name of ["epoch-002", "epoch-003", "epoch-004", "last"]) {
      await checkpoints.save(name, student, session, position, false);
    }
    const left = (await readdir(join(folder, "checkpoints"))).sort();
    expect(left).toEqual([...names, "last"].map((name) => `${name}.safetensors`));
  });

  test("of another detector, or of none, are refused", async () => {
    const { folder, checkpoints, student } = await saved(false);
    const file = checkpoints.path("last");
    const pets = Detector.create(small, { classes: ["cat"] });
    await expect(checkpoints.resume(pets)).rejects.toEqual(
      failure("BAD_CHECKPOINT", file, "small for cat", `small for ${shapeClasses}`),
    );
    await student.save(file);
    await expect(checkpoints.resume(student)).rejects.toEqual(
      failure("BAD_CHECKPOINT", file, "position of a run, got none"),
    );
    await rm(file);
    await expect(new Checkpoints(folder, 1).resume(student)).rejects.toEqual(
      failure("BAD_CHECKPOINT", file),
    );
  });
});

describe("the optimizer", () => {
  test("goes on from its state as if it had never stopped", async () => {
    const straight = smallDetector(1);
    const first = sessionOf(straight);
    await step(first);
    const checkpoints = new Checkpoints(temporaryFolder(), 1);
    await checkpoints.save("last", straight, first, position, false);
    const restored = smallDetector(2);
    const { tensors } = await checkpoints.resume(restored);
    const second = sessionOf(restored);
    restoreState(second, tensors, "optimizer.");
    expect((await step(second)).total).toBe((await step(first)).total);
    expect(digests(restored)).toEqual(digests(straight));
    // Without the state it would not have been the same.
    const forgetful = smallDetector(3);
    await checkpoints.resume(forgetful);
    await step(sessionOf(forgetful));
    expect(digests(forgetful)).not.toEqual(digests(straight));
  });

  test("of another rule, or a state of another size, is refused", async () => {
    const session = sessionOf(smallDetector());
    expect(() => restoreState(session, new Map(), "optimizer.")).toThrow(
      failure("BAD_CHECKPOINT", "optimizer.first."),
    );
    const name = "optimizer.first.conf.0.bias";
    expect(() => session.loadState(name, new Float32Array(3))).toThrow(
      failure("BAD_CHECKPOINT", name, "12 bytes"),
    );
    const slots = Object.keys(sessionOf(smallDetector(), "sgd").state(""));
    expect(slots.every((slot) => slot.startsWith("optimizer.first."))).toBe(true);
  });
});

describe("the average of the weights", () => {
  test("stands beside them in a checkpoint, and is what the file's detector has", async () => {
    const student = smallDetector(1);
    const session = sessionOf(student, "sgd", { decay: 0.5, warmup: 0 });
    for (let i = 0; i < 3; i++) await step(session);
    const own = digests(student);
    session.showAverage(true);
    const averaged = digests(student);
    session.showAverage(false);
    expect(digests(student)).toEqual(own);
    expect(averaged).not.toEqual(own);
    const checkpoints = new Checkpoints(temporaryFolder(), 1);
    const file = await checkpoints.save("last", student, session, { ...position, ema: true }, true);
    expect(digests(await Detector.load(file))).toEqual(averaged);
    // A run goes on from its own weights, with the average beside them.
    const other = smallDetector(2);
    const second = sessionOf(other, "sgd", { decay: 0.5, warmup: 0 });
    const { tensors, at } = await checkpoints.resume(other);
    expect([at.ema, digests(other)]).toEqual([true, own]);
    restoreState(second, tensors, "ema.");
    second.showAverage(true);
    expect(digests(other)).toEqual(averaged);
    expect(Buffer.from(tensors.get("ema.steps")!.data).readBigInt64LE()).toBe(3n);
    expect(() => restoreState(second, new Map(), "ema.")).toThrow(
      failure("BAD_CHECKPOINT", "expected state ema."),
    );
  });
});

describe("resuming", () => {
  async function interrupted(more: Partial<TrainOptions> = {}) {
    const out = temporaryFolder();
    const options: TrainOptions = { data: shapes(), epochs: 3, batch: 2, threads: 1, out, ...more };
    for await (const { step } of train(smallDetector(), options)) if (step === 3) break;
    return options;
  }

  test("tells where it goes on, and ends as a whole run does", async () => {
    const options = await interrupted();
    const events: TrainEvent[] = [];
    const onEvent = (event: TrainEvent) => events.push(event);
    const { metadata } = await readSafetensors(
      join(options.out!, "checkpoints", "last.safetensors"),
    );
    const { training } = JSON.parse(metadata["ssd-distill"]!);
    const report = await train(smallDetector(9), { ...options, resume: true, onEvent }).done;
    expect(report).toMatchObject({ epochs: 3, finished: true, steps: 15 });
    const found = events.find(({ kind }) => kind === "resumed");
    expect(found).toEqual({ kind: "resumed", epoch: training.epoch + 1, batch: training.batch });
    expect(report.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  });

  const others: [string, Partial<TrainOptions>, string][] = [
    ["seed", { seed: 1 }, "seed 0, got 1"],
    ["number of pictures", { limit: 8 }, "pictures 11, got 7"],
    // Steps would be counted in another unit: the run would never come to the end of its epoch.
    ["batch", { batch: 9 }, "batch 2, got 9"],
  ];
  test.each(others)("with another %s it would not be the same run", async (_what, more, part) => {
    const options = await interrupted();
    await expect(
      train(smallDetector(), { ...options, ...more, resume: true }).done,
    ).rejects.toEqual(failure("BAD_CHECKPOINT", part));
  });

  test("with an average where there was none, or without the one there was, neither", async () => {
    for (const [first, then, part] of [
      [undefined, {}, "averaging (ema) false, got true"],
      [{}, undefined, "averaging (ema) true, got false"],
    ] as const) {
      const options = await interrupted({ ema: first });
      const again = train(smallDetector(), { ...options, ema: then, resume: true });
      await expect(again.done).rejects.toEqual(failure("BAD_CHECKPOINT", part));
    }
  });

  test("with another teacher neither", async () => {
    const folder = temporaryFolder();
    const teachers = await Promise.all(
      [1, 2].map(async (seed) => {
        const file = join(folder, `${seed}.safetensors`);
        await smallDetector(seed).save(file);
        return await Detector.load(file);
      }),
    );
    const options = await interrupted({ distill: { teacher: teachers[0]! } });
    const again = { ...options, resume: true, distill: { teacher: teachers[1]! } };
    await expect(train(smallDetector(), again).done).rejects.toEqual(
      failure(
        "BAD_CHECKPOINT",
        "teacher",
        teachers[0]!.source!.sha256,
        teachers[1]!.source!.sha256,
      ),
    );
  });

  test("a finished run has nothing left to do, and a damaged checkpoint is named", async () => {
    const options = await interrupted({ epochs: 1 });
    await train(smallDetector(), { ...options, resume: true }).done;
    const again = await train(smallDetector(), { ...options, resume: true }).done;
    expect(again).toMatchObject({ epochs: 1, steps: 5, finished: true });
    const last = join(options.out!, "checkpoints", "last.safetensors");
    await writeFile(last, (await readFile(last)).subarray(0, 5000));
    await expect(train(smallDetector(), { ...options, resume: true }).done).rejects.toEqual(
      failure("BAD_CHECKPOINT", last),
    );
  });
});
