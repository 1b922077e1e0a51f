import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { readSafetensors } from "../../../lib/checkpoint/safetensors.js";
import { Detector } from "../../../lib/detector.js";
import { describeOptions, openFolder } from "../../../lib/train/folder.js";
import { trainOptions } from "../../../lib/train/options.js";
import { type TrainOptions, train } from "../../../lib/train/run.js";
import {
  digests,
  failure,
  ownCache,
  shapeClasses,
  shapes,
  smallDetector,
} from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

beforeEach(() => {
  ownCache();
});

describe("the options of a run as plain data", () => {
  test("are resolved, and name data, model and teacher", async () => {
    const file = join(temporaryFolder(), "teacher.safetensors");
    await smallDetector(1).save(file);
    const teacher = await Detector.load(file);
    const data = shapes();
    const { signal } = new AbortController();
    const input = { data, val: data, distill: { teacher, mu: 0.5 }, signal, onEvent: () => {} };
    const described = describeOptions(smallDetector(), trainOptions.parse(input));
    expect(JSON.parse(JSON.stringify(described))).toEqual(described);
    expect(described).toMatchObject({
      model: "small",
      classes: shapeClasses,
      data: data.spec,
      val: data.spec,
      distill: { teacher: file, mu: 0.5, nu: 0.5, temperature: 1 },
      schedule: { name: "cosine", warmup: 1 },
      augment: { mirror: true },
    });
    expect(described).not.toHaveProperty("signal");
    expect(described).not.toHaveProperty("onEvent");
  });

  test("without a teacher tell none, and a teacher from nowhere by its preset", () => {
    const data = shapes();
    const plain = describeOptions(smallDetector(), trainOptions.parse({ data }));
    expect(JSON.parse(JSON.stringify(plain))).not.toHaveProperty("distill");
    const distill = { teacher: smallDetector(1) };
    const taught = describeOptions(smallDetector(), trainOptions.parse({ data, distill }));
    expect(taught).toMatchObject({ distill: { teacher: "small" } });
  });
});

describe("the folder", () => {
  test("is made with all folders above, before anything is computed", async () => {
    const out = join(temporaryFolder(), "a", "b");
    const options = trainOptions.parse({ data: shapes(), out, epochs: 4 });
    const folder = await openFolder(out, smallDetector(), options);
    expect(folder.path).toBe(out);
    expect(existsSync(join(out, "checkpoints"))).toBe(true);
    expect(JSON.parse(await readFile(join(out, "options.json"), "utf8"))).toMatchObject({
      epochs: 4,
    });
  });

  test("below a regular file is an option that is wrong", async () => {
    const file = join(temporaryFolder(), "file");
    await writeFile(file, "");
    const out = join(file, "run");
    const run = train(smallDetector(), { data: shapes(), out, threads: 1 });
    await expect(run.done).rejects.toEqual(failure("BAD_OPTION", '"out"', out));
  });

  test("ends with the best epoch's weights, without the optimizer's state", async () => {
    const out = temporaryFolder();
    const options: TrainOptions = { data: shapes(), epochs: 2, batch: 4, threads: 1, out };
    const student = smallDetector();
    const { best, weights } = await train(student, options).done;
    const { tensors, metadata } = await readSafetensors(weights!);
    expect([...tensors.keys()]).toEqual(Object.keys(student.stateDict()));
    expect(JSON.parse(metadata["ssd-distill"]!)).not.toHaveProperty("training");
    const kept = await Detector.load(weights!);
    const checkpoint = await Detector.load(join(out, "checkpoints", "best.safetensors"));
    expect(best.epoch).toBeGreaterThan(0);
    expect(digests(kept)).toEqual(digests(checkpoint));
  });

  test("without a validation ends with the last weights", async () => {
    const out = temporaryFolder();
    const options: TrainOptions = { data: shapes(), valFraction: 0, epochs: 2, threads: 1, out };
    const student = smallDetector();
    const { best, weights } = await train(student, options).done;
    expect(best.epoch).toBe(0);
    expect(digests(await Detector.load(weights!))).toEqual(digests(student));
  });
});
