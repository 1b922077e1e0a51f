import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  readSafetensors,
  type StoredTensor,
  writeSafetensors,
} from "../../../lib/checkpoint/safetensors.js";
import {
  extractWeights,
  loadAll,
  loadTensors,
  readCheckpoint,
  readModel,
  saveModel,
  storedTensors,
} from "../../../lib/checkpoint/store.js";
import { Detector } from "../../../lib/detector.js";
import { digests, failure, shapeClasses, small, smallDetector } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

const classes = shapeClasses;

function path(): string {
  return join(temporaryFolder(), "a.safetensors");
}

/** The tensors of a fresh small detector by name. */
function tensorsOf(seed: number): Map<string, StoredTensor> {
  return new Map(storedTensors(smallDetector(seed).native).map((tensor) => [tensor.name, tensor]));
}

describe("a file that describes itself", () => {
  test("holds preset, classes, training state, weights and what is added", async () => {
    const file = path();
    const detector = smallDetector(3);
    const training = { epoch: 2, nested: { a: [1] } };
    const data = new Uint8Array(8);
    const added: StoredTensor[] = [{ name: "optimizer.x", dtype: "int64", shape: [], data }];
    await saveModel(file, detector.native, { preset: small, classes, training }, added);
    const whole = await readCheckpoint(file);
    const read = await readModel(file);
    const names = Object.keys(detector.stateDict());
    expect(whole).toMatchObject({ preset: small, classes, training });
    expect([...whole.tensors.keys()]).toEqual([...names, "optimizer.x"]);
    expect({ ...read, tensors: undefined }).toEqual({ ...whole, tensors: undefined });
    expect([...read.tensors.keys()]).toEqual(names);
    const other = smallDetector(4);
    loadAll(other.native, read.tensors, file);
    expect(digests(other)).toEqual(digests(detector));
  });

  test("with averaged weights beside its own stands for those", async () => {
    const [file, weights] = [path(), path()];
    const [own, average] = [smallDetector(1), smallDetector(2)];
    const steps: StoredTensor = {
      name: "steps",
      dtype: "int64",
      shape: [],
      data: new Uint8Array(8),
    };
    const added = [...storedTensors(average.native), steps];
    const named = added.map((tensor) => ({ ...tensor, name: `ema.${tensor.name}` }));
    await saveModel(file, own.native, { preset: small, classes, training: {} }, named);
    expect(digests(await Detector.load(file))).toEqual(digests(average));
    await extractWeights(file, weights);
    const { tensors, metadata } = await readSafetensors(weights);
    expect([...tensors.keys()]).toEqual(Object.keys(own.stateDict()));
    expect(JSON.parse(metadata["ssd-distill"]!)).toEqual({ format: 1, preset: small, classes });
    expect(digests(await Detector.load(weights))).toEqual(digests(average));
    // A run goes on from its own.
    const again = smallDetector(3);
    loadAll(again.native, (await readCheckpoint(file)).tensors, file);
    expect(digests(again)).toEqual(digests(own));
  });

  test("tensors without a description are for init()", async () => {
    const file = path();
    await writeSafetensors(file, [...tensorsOf(0).values()], { format: "pt" });
    await expect(readModel(file)).rejects.toEqual(
      failure("BAD_CHECKPOINT", file, "without its description", "init()"),
    );
  });

  const broken: [string, string, string][] = [
    ["no JSON", "{", "JSON"],
    ["another format", JSON.stringify({ format: 2, preset: small, classes }), "format"],
    ["no classes", JSON.stringify({ format: 1, preset: small, classes: [] }), "classes"],
    ["a preset cut", JSON.stringify({ format: 1, preset: {}, classes }), "preset.name"],
    [
      "a field misspelled",
      JSON.stringify({ format: 1, preset: { ...small, variance: [1, 1] }, classes }),
      "preset.variance",
    ],
  ];
  test.each(broken)("a description with %s is one sentence", async (_what, text, part) => {
    const file = path();
    await writeSafetensors(file, [], { "ssd-distill": text });
    await expect(readModel(file)).rejects.toEqual(failure("BAD_CHECKPOINT", file, part));
  });
});

describe("what fits is loaded", () => {
  test("and the rest is reported by name", () => {
    const source = tensorsOf(1);
    const weight = source.get("conf.0.weight")!;
    source.set("conf.0.weight", { ...weight, shape: [1, ...weight.shape] });
    source.set("conf.0.bias", { ...source.get("conf.0.bias")!, dtype: "int32" });
    source.delete("stages.0.0.0.weight");
    source.set("extra", { name: "extra", dtype: "uint8", shape: [], data: new Uint8Array(1) });
    const model = smallDetector(0);
    const before = digests(model);
    const report = loadTensors(model.native, source);
    expect(report.missing).toEqual(["stages.0.0.0.weight"]);
    expect(report.unexpected).toEqual(["extra"]);
    expect(report.mismatched).toEqual([
      { name: "conf.0.weight", expected: weight.shape, got: [1, ...weight.shape] },
      { name: "conf.0.bias", expected: [16], got: [16] },
    ]);
    const others = ["stages.0.0.0.weight", "conf.0.weight", "conf.0.bias"];
    const names = Object.keys(before);
    expect(report.loaded).toEqual(names.filter((name) => !others.includes(name)));
    const wanted = digests(smallDetector(1));
    for (const [name, digest] of Object.entries(digests(model))) {
      expect(digest, name).toBe((others.includes(name) ? before : wanted)[name]);
    }
  });

  test("unless all must fit", () => {
    const model = smallDetector(0).native;
    const short = tensorsOf(1);
    short.delete("loc.1.bias");
    expect(() => loadAll(model, short, "w.st")).toThrow(
      failure("BAD_CHECKPOINT", "w.st", "loc.1.bias", "1 missing"),
    );
    const wrong = tensorsOf(1);
    wrong.set("loc.1.bias", { ...wrong.get("loc.1.bias")!, shape: [4, 4] });
    expect(() => loadAll(model, wrong, "w.st")).toThrow(
      failure("BAD_CHECKPOINT", "w.st", "loc.1.bias of shape [16], got [4,4]"),
    );
    const more = tensorsOf(1).set("more", { ...short.get("loc.0.bias")!, name: "more" });
    expect(() => loadAll(model, more, "w.st")).not.toThrow();
  });
});

test("a model is stored in the order and with the dtypes of its state dict", async () => {
  const detector = smallDetector();
  const file = path();
  await detector.save(file);
  const { tensors, metadata } = await readSafetensors(file);
  const dict = detector.stateDict();
  expect([...tensors.keys()]).toEqual(Object.keys(dict));
  for (const { name, dtype, shape } of tensors.values()) {
    expect([dtype, shape], name).toEqual([dict[name]!.dtype, dict[name]!.shape]);
  }
  // What other readers of the format look for.
  expect(metadata.format).toBe("pt");
});
