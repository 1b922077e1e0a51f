import { describe, expect, test } from "vitest";
import type { Detector } from "../../../lib/detector.js";
import { ops, type Target } from "../../../lib/ops.js";
import { Tensor } from "../../../lib/tensor.js";
import { Trainer, type TrainerOptions } from "../../../lib/train/trainer.js";
import { digests, failure, numbers, randomBatch, smallDetector } from "../../support/small.js";

async function totals(detector: Detector, options: TrainerOptions, steps: number) {
  using trainer = new Trainer(detector, options);
  const batch = randomBatch(4);
  const out: number[] = [];
  for (let i = 0; i < steps; i++) out.push((await trainer.step(batch)).loss.total);
  return out;
}

describe("steps", () => {
  const rules: [string, TrainerOptions["optimizer"]][] = [
    ["sgd", { name: "sgd", lr: 0.02, momentum: 0.9 }],
    ["sgd without momentum", { name: "sgd", lr: 0.05, momentum: 0 }],
    ["sgd of Nesterov", { name: "sgd", lr: 0.02, nesterov: true }],
    ["adam", { name: "adam", lr: 0.01 }],
    ["adamw", { name: "adamw", lr: 0.01 }],
  ];
  test.each(rules)("on one batch bring its loss down: %s", async (_name, optimizer) => {
    const losses = await totals(smallDetector(), { optimizer }, 40);
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
  });

  test("tell the loss of the weights before the step", async () => {
    const detector = smallDetector();
    const { images, targets } = randomBatch(3);
    const before = ops.multiboxLoss(detector.forward(images), targets, detector.priors);
    using trainer = new Trainer(detector, { freeze: ["stages."] });
    const { loss, numPositives, unmatched } = await trainer.step({ images, targets });
    expect(loss.conf).toBeCloseTo(before.conf, 4);
    expect(loss.loc).toBeCloseTo(before.loc, 4);
    expect(loss.total).toBeCloseTo(before.conf + before.loc, 4);
    expect([numPositives, unmatched]).toEqual([before.numPositives, before.unmatched]);
    expect(loss).not.toHaveProperty("soft");
  });

  test("train one output when everything before the other is frozen", async () => {
    const detector = smallDetector();
    const before = digests(detector);
    using trainer = new Trainer(detector, { freeze: ["stages.", "loc."] });
    await trainer.step(randomBatch(2));
    const after = digests(detector);
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.every((name) => name.startsWith("conf."))).toBe(true);
  });

  test("of plain SGD move the weights by rate and gradient", async () => {
    const detector = smallDetector();
    const batch = randomBatch(2);
    const { gradConf } = ops.multiboxLoss(
      detector.forward(batch.images),
      batch.targets,
      detector.priors,
    );
    const optimizer = { name: "sgd" as const, lr: 0.5, momentum: 0, weightDecay: 0 };
    using trainer = new Trainer(detector, { optimizer, freeze: ["stages."] });
    trainer.lr = 0.25;
    await trainer.step(batch);
    // Biases began at zero; theirs is the sum of the gradients over pictures and cells of the map.
    const [cells, perCell, classes] = [16, 4, 4];
    const expected = new Float64Array(perCell * classes);
    numbers(gradConf).forEach((slope, i) => {
      const row = Math.floor(i / classes) % detector.priors.shape[0]!;
      if (row < cells * perCell)
        expected[(row % perCell) * classes + (i % classes)]! -= 0.25 * slope;
    });
    numbers(detector.stateDict()["conf.0.bias"]!).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
  });

  test("leave frozen tensors as they are to the bit", async () => {
    const detector = smallDetector();
    const before = digests(detector);
    using trainer = new Trainer(detector, { freeze: ["stages.", "conf.1."] });
    await trainer.step(randomBatch(2));
    for (const [name, digest] of Object.entries(digests(detector))) {
      // Offsets move on the maps that a truth belongs to.
      if (name.startsWith("loc.")) continue;
      expect(digest !== before[name], name).toBe(name.startsWith("conf.0."));
    }
    const all = () => new Trainer(smallDetector(), { freeze: [""] });
    expect(all).toThrow(failure("BAD_OPTION", "freeze"));
  });

  test("are the same again to the bit on one thread", async () => {
    expect(await totals(smallDetector(1), {}, 5)).toEqual(await totals(smallDetector(1), {}, 5));
  });

  test.each(["bf16", "fp16"] as const)("in %s come near those in fp32", async (precision) => {
    const full = await totals(smallDetector(), {}, 1);
    const half = await totals(smallDetector(), { precision }, 1);
    expect(half[0]! / full[0]!).toBeCloseTo(1, 1);
    expect(half).not.toEqual(full);
  });

  test("of several batches average them", async () => {
    const detector = smallDetector();
    const optimizer = { name: "sgd" as const, lr: 0.1, momentum: 0, weightDecay: 0 };
    // Statistics that stay: the batches then have nothing to do with each other.
    const options = { optimizer, freeze: ["stages."] };
    const batches = [randomBatch(2, 1), randomBatch(2, 2), randomBatch(4, 3)];
    using trainer = new Trainer(detector, options);
    const together = await trainer.step(batches);
    const moved = numbers(detector.stateDict()["conf.0.bias"]!);
    const mean = new Float64Array(moved.length);
    let total = 0;
    for (const batch of batches) {
      const alone = smallDetector();
      using one = new Trainer(alone, options);
      total += (await one.step(batch)).loss.total / 3;
      numbers(alone.stateDict()["conf.0.bias"]!).forEach((value, k) => {
        mean[k]! += value / 3;
      });
    }
    expect(together.loss.total).toBeCloseTo(total, 5);
    moved.forEach((value, k) => {
      expect(value).toBeCloseTo(mean[k]!, 6);
    });
    await expect(trainer.step([])).rejects.toEqual(failure("BAD_OPTION", "expected a batch"));
  });

  test("tell the norm of their gradients where it is clipped, and the scale in fp16", async () => {
    using clipped = new Trainer(smallDetector(), { clip: 0.5 });
    const { gradNorm, ...rest } = await clipped.step(randomBatch(2));
    expect(gradNorm).toBeGreaterThan(0);
    using plain = new Trainer(smallDetector());
    expect(await plain.step(randomBatch(2))).toEqual(rest);
    using half = new Trainer(smallDetector(), { precision: "fp16" });
    expect((await half.step(randomBatch(2))).scale).toBe(65536);
  });

  test("asked for at once run in order", async () => {
    using trainer = new Trainer(smallDetector());
    const batch = randomBatch(4);
    const together = await Promise.all([1, 2, 3].map(() => trainer.step(batch)));
    const apart = await totals(smallDetector(), {}, 3);
    expect(together.map(({ loss }) => loss.total)).toEqual(apart);
  });

  test("asked for behind one that fails do not run, those asked for later do", async () => {
    const student = smallDetector();
    using trainer = new Trainer(student);
    const batch = randomBatch(2);
    const broken = batch.images.toArray() as Float32Array;
    broken[0] = Number.POSITIVE_INFINITY;
    const before = digests(student);
    const steps = [broken, batch.images.toArray() as Float32Array].map((pixels) =>
      trainer.step({ ...batch, images: Tensor.from(pixels, batch.images.shape) }),
    );
    const outcome = await Promise.allSettled(steps);
    expect(outcome.map((step) => step.status === "rejected" && step.reason)).toEqual([
      failure("DIVERGED", "no weight was changed"),
      failure("CANCELLED", "the step before this one failed"),
    ]);
    expect(digests(student)).toEqual(before);
    expect((await trainer.step(batch)).loss.total).toBeGreaterThan(0);
    expect(digests(student)).not.toEqual(before);
  });

  test("take pictures without anything on them", async () => {
    using trainer = new Trainer(smallDetector());
    const nothing: Target[] = [{ boxes: [], labels: [] }];
    const { loss, numPositives } = await trainer.step({ ...randomBatch(1), targets: nothing });
    expect(loss.loc).toBe(0);
    expect(loss.conf).toBeGreaterThan(0);
    expect(numPositives).toBe(0);
  });
});

describe("what is refused leaves every weight as it was", () => {
  const cases: [string, (batch: ReturnType<typeof randomBatch>) => object, string, string][] = [
    [
      "a degenerate box",
      ({ targets }) => ({ targets: [targets[0]!, { boxes: [[0.2, 0.2, 0.2, 0.5]], labels: [0] }] }),
      "BAD_DATA",
      "target 1, box 0",
    ],
    [
      "a box beside its picture",
      ({ targets }) => ({ targets: [targets[0]!, { boxes: [[1.2, 0.2, 1.4, 0.5]], labels: [0] }] }),
      "BAD_DATA",
      "target 1, box 0: expected a box on the picture",
    ],
    [
      "a label of no class",
      ({ targets }) => ({ targets: [targets[0]!, { boxes: [[0, 0, 1, 1]], labels: [3] }] }),
      "BAD_DATA",
      "from 0 to 2, got 3",
    ],
    [
      "a target too few",
      ({ targets }) => ({ targets: targets.slice(1) }),
      "BAD_OPTION",
      "1 targets",
    ],
    [
      "images of another size",
      () => ({ images: Tensor.from(new Float32Array(2 * 3 * 16 * 16), [2, 3, 16, 16]) }),
      "BAD_OPTION",
      "[2, 3, 16, 16]",
    ],
    [
      "a NaN in the images",
      ({ images }) => {
        const pixels = images.toArray() as Float32Array;
        pixels[1000] = Number.NaN;
        return { images: Tensor.from(pixels, images.shape) };
      },
      "DIVERGED",
      "no weight was changed",
    ],
  ];
  test.each(cases)("%s", async (_what, change, code, part) => {
    const detector = smallDetector();
    using trainer = new Trainer(detector);
    const batch = randomBatch(2);
    await trainer.step(batch);
    const before = digests(detector);
    await expect(trainer.step({ ...batch, ...change(batch) })).rejects.toEqual(failure(code, part));
    // The statistics of BatchNorm among them.
    expect(digests(detector)).toEqual(before);
    expect((await trainer.step(batch)).loss.total).toBeGreaterThan(0);
  });

  const options: [string, object, string][] = [
    ["a misspelled option", { optimiser: {} }, 'did you mean "optimizer"?'],
    ["one inside", { optimizer: { learningRate: 1 } }, 'unknown option "optimizer.learningRate"'],
    ["an unknown rule", { optimizer: { name: "adamax" } }, 'got "adamax"'],
    ["a rate of 0", { optimizer: { lr: 0 } }, '"optimizer.lr"'],
    ["a teacher that is none", { distill: { teacher: "vgg" } }, "expected a Detector"],
    ["another precision", { precision: "fp8" }, '"precision"'],
    ["a norm of 0", { clip: 0 }, '"clip"'],
    ["an average that never moves", { ema: { decay: 1 } }, '"ema.decay": expected number to be <1'],
    ["a warm-up below 0", { ema: { warmup: -1 } }, '"ema.warmup"'],
  ];
  test.each(options)("%s", (_what, wrong, part) => {
    expect(() => new Trainer(smallDetector(), wrong)).toThrow(
      failure("BAD_OPTION", "Trainer options", part),
    );
  });
});

describe("an average of the weights", () => {
  test("is that of the weights after every step, beside which they are as without it", async () => {
    const [detector, other] = [smallDetector(), smallDetector()];
    const [decay, warmup] = [0.9, 3];
    using trainer = new Trainer(detector, { ema: { decay, warmup } });
    using plain = new Trainer(other);
    const values = () => Object.values(detector.stateDict()).map(numbers);
    let expected = values();
    for (let n = 1; n <= 5; n++) {
      const batch = randomBatch(2, n);
      expect(await trainer.step(batch)).toEqual(await plain.step(batch));
      const d = decay * (1 - Math.exp(-n / warmup));
      const now = values();
      const mixed = (average: number, i: number, k: number) => d * average + (1 - d) * now[i]![k]!;
      expected = expected.map((tensor, i) => tensor.map((value, k) => mixed(value, i, k)));
    }
    expect(digests(detector)).toEqual(digests(other));
    const average = trainer.emaStateDict();
    expect(Object.keys(average)).toEqual(Object.keys(detector.stateDict()));
    for (const [i, [name, tensor]] of Object.entries(average).entries()) {
      const counted = name.endsWith("num_batches_tracked");
      numbers(tensor).forEach((value, k) => {
        expect(value, name).toBeCloseTo(counted ? 5 : expected[i]![k]!, 5);
      });
    }
  });

  test("begins as the weights, has the defaults of its schema, and goes with the trainer", async () => {
    const detector = smallDetector();
    const trainer = new Trainer(detector, { ema: {} });
    const start = Object.values(trainer.emaStateDict()).map(numbers);
    expect(start).toEqual(Object.values(detector.stateDict()).map(numbers));
    await trainer.step(randomBatch(2));
    const d = 0.9998 * (1 - Math.exp(-1 / 2000));
    const [average, now] = [trainer.emaStateDict(), detector.stateDict()].map((dict) =>
      numbers(dict["conf.0.bias"]!),
    );
    // The bias began at zero.
    for (const [k, value] of now!.entries()) expect(average![k]).toBeCloseTo((1 - d) * value, 7);
    trainer.dispose();
    expect(() => trainer.emaStateDict()).toThrow(failure("DISPOSED"));
  });

  test("nobody asked for is not there", () => {
    using trainer = new Trainer(smallDetector());
    expect(() => trainer.emaStateDict()).toThrow(failure("BAD_OPTION", "emaStateDict", '"ema"'));
  });
});

describe("a student has one trainer", () => {
  test("at a time; a second is refused and leaves the first alone", async () => {
    const detector = smallDetector();
    const first = new Trainer(detector);
    expect(() => new Trainer(detector)).toThrow(failure("BAD_OPTION", "student", "nothing else"));
    await first.step(randomBatch(2));
    first.dispose();
    using second = new Trainer(detector);
    await second.step(randomBatch(2));
  });

  test("but may teach any number, and be asked meanwhile", async () => {
    const teacher = smallDetector(7);
    const batch = randomBatch(2);
    using one = new Trainer(smallDetector(), { distill: { teacher } });
    using two = new Trainer(smallDetector(), { distill: { teacher } });
    const losses = await Promise.all([one.step(batch), two.step(batch)]);
    expect(losses[0]).toEqual(losses[1]);
    expect(teacher.forward(batch.images).loc.shape).toEqual([2, 80, 4]);
  });
});

describe("disposed", () => {
  test("a step is rejected, and dispose may be called again", async () => {
    const trainer = new Trainer(smallDetector());
    trainer.dispose();
    trainer.dispose();
    await expect(trainer.step(randomBatch(1))).rejects.toEqual(failure("DISPOSED"));
  });

  test("steps that wait are cancelled, and the one under way ends first", async () => {
    const detector = smallDetector();
    const trainer = new Trainer(detector);
    const batch = randomBatch(8);
    const steps = Array.from({ length: 5 }, () => trainer.step(batch));
    trainer.dispose();
    const ended = await Promise.allSettled(steps);
    const whole = ended.filter(({ status }) => status === "fulfilled").length;
    expect(whole).toBeLessThanOrEqual(1);
    for (const end of ended.slice(whole)) {
      expect(end).toEqual({ status: "rejected", reason: failure("CANCELLED") });
    }
    // What was done is done: the weights are those after as many steps.
    const other = smallDetector();
    using again = new Trainer(other);
    for (let i = 0; i < whole; i++) await again.step(batch);
    expect(digests(detector)).toEqual(digests(other));
  });

  test("using does it at the end of its block", async () => {
    let kept: Trainer;
    {
      using trainer = new Trainer(smallDetector());
      kept = trainer;
    }
    await expect(kept.step(randomBatch(1))).rejects.toEqual(failure("DISPOSED"));
  });
});
