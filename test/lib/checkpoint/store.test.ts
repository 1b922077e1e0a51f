import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fillAll } from "../../../lib/checkpoint/fill.js";
import {
  readSafetensors,
  type StoredTensor,
  writeSafetensors,
} from "../../../lib/checkpoint/safetensors.js";
import {
  descriptionOf,
  readModel,
  saveModel,
  storedTensors,
} from "../../../lib/checkpoint/store.js";
import { storedEntries } from "../../../lib/checkpoint/weights.js";
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
    const read = await readModel(file);
    expect(read).toMatchObject({ preset: small, classes, training });
    const names = Object.keys(detector.stateDict());
    expect([...read.tensors.keys()]).toEqual([...names, "optimizer.x"]);
    const other = smallDetector(4);
    await fillAll(other.native, storedEntries(read.tensors), file);
    expect(digests(other)).toEqual(digests(detector));
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
