import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { readSafetensors } from "../../lib/checkpoint/safetensors.js";
import { Detector } from "../../lib/detector.js";
import type { Step } from "../../lib/train/events.js";
import { type TrainOptions, train } from "../../lib/train/run.js";
import { Trainer, type TrainerOptions } from "../../lib/train/trainer.js";
import {
  digests,
  failure,
  ownCache,
  randomBatch,
  shapes,
  smallDetector,
} from "../support/small.js";
import { temporaryFolder } from "../support/temporary.js";

beforeEach(() => {
  ownCache();
});

const common = { epochs: 2, batch: 2, threads: 1, valFraction: 0.15 };

/** A teacher of another backbone and another normalisation, trained a little. */
async function teacherOf(options: TrainOptions): Promise<Detector> {
  const backbone = { kind: "stages" as const, channels: [6, 8, 10, 10], depth: 1 };
  const teacher = smallDetector(7, {
    name: "teacher",
    backbone,
    mean: [123, 117, 104],
    std: [1, 1, 1],
  });
  await train(teacher, options).done;
  return teacher;
}

async function stepsOf(student: Detector, options: TrainOptions): Promise<Step[]> {
  const steps: Step[] = [];
  for await (const step of train(student, options)) steps.push(step);
  return steps;
}

test("with its terms weighted by zero, a run of 50 steps is plain training to the bit", async () => {
  const options = { ...common, data: shapes(), epochs: 10, evalEvery: 10 };
  const teacher = await teacherOf({ ...options, epochs: 2 });
  const before = digests(teacher);
  const [plain, distilled] = [smallDetector(), smallDetector()];
  const own = await stepsOf(plain, options);
  const taught = await stepsOf(distilled, { ...options, distill: { teacher, mu: 1, nu: 0 } });
  const terms = (steps: Step[]) =>
    steps.map(({ loss: { total, conf, loc } }) => [total, conf, loc]);
  expect(own).toHaveLength(50);
  expect(terms(taught)).toEqual(terms(own));
  expect(digests(distilled)).toEqual(digests(plain));
  expect(digests(teacher)).toEqual(before);
  // The teacher was asked all the same.
  for (const { loss } of taught) expect(loss.soft).toBeGreaterThan(0);
});

describe("50 steps by hand with mu 1 and nu 0", () => {
  const rules: [string, TrainerOptions["optimizer"]][] = [
    ["SGD with momentum", { name: "sgd", lr: 0.01, momentum: 0.9 }],
    ["AdamW", { name: "adamw", lr: 0.003 }],
  ];
  test.each(rules)("of %s are those of plain training to the bit", async (_name, optimizer) => {
    const teacher = smallDetector(9, { mean: [100, 100, 100], std: [50, 60, 70] });
    const before = digests(teacher);
    const [plain, distilled] = [smallDetector(), smallDetector()];
    const start = digests(plain);
    using alone = new Trainer(plain, { optimizer });
    using taught = new Trainer(distilled, { optimizer, distill: { teacher, mu: 1, nu: 0 } });
    for (let step = 0; step < 50; step++) {
      const batch = randomBatch(4, step);
      const { soft, l2, ...terms } = (await taught.step(batch)).loss;
      expect(terms, `step ${step}`).toEqual((await alone.step(batch)).loss);
      expect([soft! > 0, l2! >= 0]).toEqual([true, true]);
    }
    // Every tensor, the statistics of BatchNorm among them, and all of them moved.
    const after = digests(plain);
    expect(digests(distilled)).toEqual(after);
    expect(Object.keys(after).filter((name) => after[name] === start[name])).toEqual([]);
    expect(digests(teacher)).toEqual(before);
  });
});

test("with its own weights it is another training, whose objective is the weighted sum", async () => {
  const options = { ...common, data: shapes() };
  const teacher = await teacherOf(options);
  const [plain, distilled] = [smallDetector(), smallDetector()];
  await stepsOf(plain, options);
  const steps = await stepsOf(distilled, { ...options, distill: { teacher, mu: 0.4, nu: 0.3 } });
  for (const { loss } of steps) {
    const { soft, conf, l2, loc, total } = loss as Required<typeof loss>;
    expect(total).toBeCloseTo(0.6 * soft + 0.4 * conf + 0.3 * l2 + loc, 4);
  }
  expect(digests(distilled)).not.toEqual(digests(plain));
});

test("the teacher stays as it was to the bit, statistics and all, and out of the student's file", async () => {
  const data = shapes();
  const out = temporaryFolder();
  const file = join(temporaryFolder(), "teacher.safetensors");
  await (await teacherOf({ ...common, data })).save(file);
  const teacher = await Detector.load(file);
  const before = digests(teacher);
  const student = smallDetector();
  const freeze = { epochs: 1 };
  const options = { ...common, data, out, freeze, distill: { teacher } };
  const report = await train(student, options).done;
  expect(digests(teacher)).toEqual(before);
  expect(Object.keys(before).some((name) => name.endsWith("running_mean"))).toBe(true);
  expect(digests(await Detector.load(file))).toEqual(before);
  expect(report.teacher!.map).toBeGreaterThanOrEqual(0);
  const names = Object.keys(student.stateDict());
  const saved = await readSafetensors(join(out, "student.safetensors"));
  expect([...saved.tensors.keys()]).toEqual(names);
  const { tensors } = await readSafetensors(join(out, "checkpoints", "last.safetensors"));
  const others = [...tensors.keys()].filter((name) => !names.includes(name));
  expect(others.every((name) => name.startsWith("optimizer."))).toBe(true);
  for (const { name, data } of saved.tensors.values()) expect(data.length, name).toBeGreaterThan(0);
});

describe("a pair that does not fit ends before the first step", () => {
  test("with other classes, other priors, or the student itself", async () => {
    const data = shapes();
    const student = smallDetector();
    const before = digests(student);
    const pets = Detector.create(student.preset, { classes: ["cat"] });
    const cases: [Detector, string][] = [
      [pets, '["circle","square","triangle"], got ["cat"]'],
      [smallDetector(1, { sizes: [8, 14, 20] }), "[8,14,24], got [8,14,20]"],
      [student, "the student itself"],
    ];
    for (const [teacher, part] of cases) {
      const out = join(temporaryFolder(), "run");
      const run = train(student, { ...common, data, out, distill: { teacher } });
      await expect(run.done).rejects.toEqual(failure("BAD_OPTION", part));
    }
    expect(digests(student)).toEqual(before);
  });
});
