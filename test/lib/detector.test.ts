import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeSafetensors } from "../../lib/checkpoint/safetensors.js";
import { Detector } from "../../lib/detector.js";
import { type PresetName, presets } from "../../lib/presets.js";
import { Tensor } from "../../lib/tensor.js";
import {
  digests,
  failure,
  numbers,
  randomBatch,
  shapeClasses,
  small,
  smallDetector,
} from "../support/small.js";
import { temporaryFolder } from "../support/temporary.js";

const classes = ["cat", "dog"];

describe("create", () => {
  test("an unknown preset names the nearest", () => {
    expect(() => Detector.create("ssd128-tny", { classes })).toThrow(
      failure("BAD_OPTION", 'got "ssd128-tny"; did you mean "ssd128-tiny"?'),
    );
  });

  test("the weights are a function of the seed", () => {
    expect(digests(smallDetector(5))).toEqual(digests(smallDetector(5)));
    const [one, two] = [digests(smallDetector(5)), digests(smallDetector(6))];
    const drawn = Object.keys(one).filter((name) => /(0|loc\.\d|conf\.\d)\.weight$/.test(name));
    expect(drawn).toHaveLength(4 + 4);
    for (const name of drawn) expect(one[name], name).not.toBe(two[name]);
    expect(new Set(drawn.map((name) => one[name])).size).toBe(drawn.length);
  });

  test("weights are shared by detectors of other classes, but for their predictors", () => {
    const [few, many] = [smallDetector(1), Detector.create(small, { classes, seed: 1 })].map(
      digests,
    );
    const same = Object.keys(few!).filter((name) => few![name] === many![name]);
    expect(same).toEqual(Object.keys(few!).filter((name) => !name.startsWith("conf.")));
  });

  const wrong: [string, object, string][] = [
    ["none", {}, '"classes"'],
    ["an empty list", { classes: [] }, '"classes"'],
    ["an empty name", { classes: ["cat", ""] }, '"classes.1"'],
    ["a name twice", { classes: ["cat", "dog", "cat"] }, "different names"],
    ["a text", { classes: "cat" }, '"classes"'],
    ["a seed below 0", { classes, seed: -1 }, '"seed"'],
    ["a device misspelled", { classes, device: "gpu" }, "got gpu"],
    ["an option misspelled", { classes, sead: 1 }, 'did you mean "seed"?'],
  ];
  test.each(wrong)("classes and options: %s", (_what, options, part) => {
    const create = () => Detector.create(small, options as { classes: string[] });
    expect(create).toThrow(failure("BAD_OPTION", part));
  });
});

describe.each(Object.keys(presets) as PresetName[])("%s", (name) => {
  test("gives offsets and logits for every prior", () => {
    using detector = Detector.create(name, { classes });
    const { size } = detector.preset;
    const length = 3 * size * size;
    const pixels = Float32Array.from({ length }, (_, i) => Math.sin(i * 0.37));
    const { loc, conf } = detector.forward(Tensor.from(pixels, [1, 3, size, size]));
    const { maps, ratios } = detector.preset;
    const priors = maps.reduce((sum, side, i) => sum + side ** 2 * (2 + 2 * ratios[i]!.length), 0);
    expect(detector.priors.shape).toEqual([priors, 4]);
    expect([loc.shape, conf.shape]).toEqual([
      [1, priors, 4],
      [1, priors, 3],
    ]);
    for (const value of [...numbers(loc), ...numbers(conf)]) {
      if (!Number.isFinite(value)) expect.fail(`expected finite outputs, got ${value}`);
    }
  });
});

describe("files", () => {
  test("saved and loaded, it gives the same outputs to the bit", async () => {
    const file = join(temporaryFolder(), "a.safetensors");
    const detector = smallDetector(2);
    await detector.save(file);
    const loaded = await Detector.load(file);
    expect(loaded.preset).toEqual(small);
    expect(loaded.classes).toEqual(shapeClasses);
    const sha256 = expect.stringMatching(/^\w{64}$/);
    expect(loaded.source).toEqual({ file, sha256, format: "safetensors", layout: "native" });
    expect(digests(loaded)).toEqual(digests(detector));
    const { images } = randomBatch(2);
    const [before, after] = [detector.forward(images), loaded.forward(images)];
    expect(after.loc.toArray()).toEqual(before.loc.toArray());
    expect(after.conf.toArray()).toEqual(before.conf.toArray());
  });

  test("one cut short, and one that is not ours", async () => {
    const file = join(temporaryFolder(), "a.safetensors");
    await smallDetector().save(file);
    const { length } = await readFile(file);
    await truncate(file, Math.floor(length / 2));
    await expect(Detector.load(file)).rejects.toEqual(failure("BAD_CHECKPOINT", file));
    await writeFile(file, "PK\x03\x04 a pickle");
    await expect(Detector.load(file)).rejects.toEqual(failure("BAD_CHECKPOINT", file));
    await expect(Detector.load(file, { devize: "cpu" } as object)).rejects.toEqual(
      failure("BAD_OPTION", 'did you mean "device"?'),
    );
  });

  test("that cannot be written leave the old one", async () => {
    const folder = temporaryFolder();
    await mkdir(join(folder, "a.safetensors"));
    const target = join(folder, "a.safetensors");
    await expect(smallDetector().save(target)).rejects.toEqual(failure("BAD_CHECKPOINT", target));
  });

  test("init takes what fits from a file, or from a folder that holds one", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "a.safetensors");
    await Detector.create(small, { classes, seed: 9 }).save(file);
    const detector = smallDetector(0);
    const report = await detector.init(folder);
    expect(report.mismatched.map(({ name }) => name)).toEqual([
      "conf.0.weight",
      "conf.0.bias",
      "conf.1.weight",
      "conf.1.bias",
    ]);
    expect([report.missing, report.unexpected]).toEqual([[], []]);
    expect(report.loaded).toHaveLength(Object.keys(detector.stateDict()).length - 4);
    const [now, nine] = [digests(detector), digests(smallDetector(9))];
    for (const name of report.loaded) expect(now[name], name).toBe(nine[name]);
    expect(now["conf.0.weight"]).toBe(digests(smallDetector(0))["conf.0.weight"]);
    expect(await smallDetector().init(file)).toEqual(report);
  });

  test("init refuses a folder of none or several, and tensors of which none fits", async () => {
    const folder = temporaryFolder();
    const init = (path: string) => smallDetector().init(path);
    await expect(init(folder)).rejects.toEqual(failure("BAD_CHECKPOINT", folder, "got 0"));
    await Detector.create("ssd128-tiny", { classes }).save(join(folder, "a.safetensors"));
    await smallDetector().save(join(folder, "b.safetensors"));
    await expect(init(folder)).rejects.toEqual(failure("BAD_CHECKPOINT", folder, "got 2"));
    const path = join(folder, "c.safetensors");
    const weight = {
      name: "other",
      dtype: "float32" as const,
      shape: [1],
      data: new Uint8Array(4),
    };
    await writeSafetensors(path, [weight], {});
    await expect(init(path)).rejects.toEqual(
      failure("BAD_CHECKPOINT", path, "such as stages.0.0.0.weight", "such as other"),
    );
  });
});

describe("parts", () => {
  test("the number of parameters is that of all tensors", () => {
    const detector = smallDetector();
    const sizes = Object.values(detector.stateDict()).map((tensor) => tensor.toArray().length);
    expect(detector.parameters).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });

  test("images of another shape or type are one sentence", () => {
    const detector = smallDetector();
    const zeros = (shape: number[]) =>
      Tensor.from(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
    for (const shape of [
      [3, 32, 32],
      [1, 4, 32, 32],
      [1, 3, 16, 16],
      [0, 3, 32, 32],
    ]) {
      expect(() => detector.forward(zeros(shape))).toThrow(
        failure("BAD_OPTION", "images: expected float32 of shape [B, 3, 32, 32]", shape.join(", ")),
      );
    }
    const bytes = Tensor.from(new Uint8Array(3072), [1, 3, 32, 32]);
    expect(() => detector.forward(bytes)).toThrow(failure("BAD_OPTION", "got uint8"));
  });

  test("a batch is its pictures one by one", () => {
    const detector = smallDetector();
    const { images } = randomBatch(2);
    const whole = detector.forward(images).conf.toArray() as Float32Array;
    const pixels = images.toArray() as Float32Array;
    const second = Tensor.from(pixels.slice(pixels.length / 2), [1, 3, 32, 32]);
    const alone = numbers(detector.forward(second).conf);
    alone.forEach((value, i) => {
      expect(value).toBeCloseTo(whole[whole.length / 2 + i]!, 4);
    });
  });
});
