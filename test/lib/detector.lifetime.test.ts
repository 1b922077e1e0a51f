import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Detector } from "../../lib/detector.js";
import { evaluate } from "../../lib/evaluate/evaluate.js";
import { train } from "../../lib/train/run.js";
import { Trainer } from "../../lib/train/trainer.js";
import {
  failure,
  numbers,
  ownCache,
  randomBatch,
  shapes,
  smallDetector,
} from "../support/small.js";
import { temporaryFolder } from "../support/temporary.js";

// Every method in every state: alive it works, disposed it says so.

const decoded = { data: new Uint8Array(12), width: 2, height: 2 };

const uses: [string, (detector: Detector) => unknown][] = [
  ["forward", (d) => d.forward(randomBatch(1).images)],
  ["detect", (d) => d.detect(decoded)],
  ["stateDict", (d) => d.stateDict()],
  ["parameters", (d) => d.parameters],
  ["device", (d) => d.device],
  ["to", (d) => d.to("cpu")],
  ["save", (d) => d.save(join(temporaryFolder(), "a.safetensors"))],
  [
    "init",
    async (d) => {
      const file = join(temporaryFolder(), "b.safetensors");
      await smallDetector(1).save(file);
      await d.init(file);
    },
  ],
  ["a Trainer of it", (d) => new Trainer(d).dispose()],
  [
    "a Trainer taught by it",
    (d) => new Trainer(smallDetector(1), { distill: { teacher: d } }).dispose(),
  ],
  ["training it", (d) => train(d, { data: shapes(), epochs: 1, threads: 1 }).done],
  [
    "training taught by it",
    (d) => train(smallDetector(1), { data: shapes(), epochs: 1, distill: { teacher: d } }).done,
  ],
  ["evaluating it", (d) => evaluate(d, shapes())],
];

describe.each(uses)("%s", (_name, use) => {
  const attempt = async (detector: Detector) => {
    ownCache();
    await use(detector);
  };

  test("works while it lives", async () => {
    await attempt(smallDetector());
  });

  test("throws DISPOSED afterwards", async () => {
    const detector = smallDetector();
    detector.dispose();
    await expect(attempt(detector)).rejects.toEqual(failure("DISPOSED"));
  });
});

test("dispose may be called twice, before and after its priors were asked for", () => {
  const detector = smallDetector();
  const priors = detector.priors;
  expect(detector.priors).toBe(priors);
  detector.dispose();
  detector.dispose();
  expect(priors.disposed).toBe(true);
  // They are a function of the preset, which a disposed detector still tells.
  expect(detector.priors.shape).toEqual([80, 4]);
});

test("using disposes at the end of its block", () => {
  let kept: Detector;
  {
    using detector = smallDetector();
    kept = detector;
    expect(kept.device).toBe("cpu");
  }
  expect(() => kept.device).toThrow(failure("DISPOSED"));
});

test("tensors of the state dict outlive the detector, and see its weights until then", async () => {
  const detector = smallDetector();
  const bias = detector.stateDict()["conf.0.bias"]!;
  expect(new Set(numbers(bias))).toEqual(new Set([0]));
  const trainer = new Trainer(detector);
  await trainer.step(randomBatch(2));
  expect(new Set(numbers(bias))).not.toEqual(new Set([0]));
  trainer.dispose();
  detector.dispose();
  expect(bias.shape).toEqual([16]);
});

test("a detection whose detector is disposed meanwhile is rejected", async () => {
  const detector = smallDetector();
  const found = detector.detect(decoded, { minScore: 0 });
  detector.dispose();
  await expect(found).rejects.toEqual(failure("DISPOSED"));
});

test("a step whose detector is disposed meanwhile still ends", async () => {
  const detector = smallDetector();
  const trainer = new Trainer(detector);
  const step = trainer.step(randomBatch(2));
  detector.dispose();
  expect((await step).loss.total).toBeGreaterThan(0);
  trainer.dispose();
});
