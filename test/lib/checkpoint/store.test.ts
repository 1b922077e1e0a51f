import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fillAll, storedEntries } from "../../../lib/checkpoint/fill.js";
import {
  readSafetensors,
  type StoredTensor,
  writeSafetensors,
} from "../../../lib/checkpoint/safetensors.js";
import {
  descriptionOf,
  extractWeights,
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
    await fillAll(other.native, storedEntries(read.tensors), file);
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
    await fillAll(again.native, storedEntries((await readCheckpoint(file)).tensors), file);
    expect(digests(again)).toEqual(digests(own));
  });

  test("tensors without a description are not a run's", async () => {
    const file = path();
    await writeSafetensors(file, storedTensors(smallDetector().native), { format: "pt" });
    await expect(readModel(file)).rejects.toEqual(
      failure("BAD_CHECKPOINT", file, "without its description"),
    );
    expect(descriptionOf({ format: "pt" }, file)).toBeUndefined();
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
