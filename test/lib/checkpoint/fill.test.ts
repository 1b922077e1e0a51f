import { describe, expect, test } from "vitest";
import { fill, fillAll, storedEntries } from "../../../lib/checkpoint/fill.js";
import { storedTensors } from "../../../lib/checkpoint/store.js";
import type { WeightEntry } from "../../../lib/checkpoint/weights.js";
import { digests, failure, smallDetector } from "../../support/small.js";

/** The tensors of a fresh small detector by name. */
function entriesOf(seed: number): Map<string, WeightEntry> {
  const tensors = storedTensors(smallDetector(seed).native);
  return storedEntries(new Map(tensors.map((tensor) => [tensor.name, tensor])));
}

describe("what fits is loaded", () => {
  test("and the rest is told by name", async () => {
    const source = entriesOf(1);
    const weight = source.get("conf.0.weight")!;
    source.set("conf.0.weight", { ...weight, shape: [1, ...weight.shape] });
    source.set("conf.0.bias", { ...source.get("conf.0.bias")!, dtype: "int32" });
    source.delete("stages.0.0.0.weight");
    const detector = smallDetector(0);
    const report = await fill(detector.native, source);
    expect(report.missing).toEqual(["stages.0.0.0.weight"]);
    expect(report.mismatched).toEqual([
      { name: "conf.0.weight", expected: weight.shape, got: [1, ...weight.shape] },
      { name: "conf.0.bias", expected: [16], got: [16] },
    ]);
    const left = ["stages.0.0.0.weight", "conf.0.weight", "conf.0.bias"];
    const [now, old, taken] = [detector, smallDetector(0), smallDetector(1)].map(digests);
    for (const name of Object.keys(now!)) {
      expect(now![name], name).toBe((left.includes(name) ? old : taken)![name]);
    }
    expect(report.loaded).toEqual(Object.keys(now!).filter((name) => !left.includes(name)));
  });

  test("half and double precision become float32, small integers int64", async () => {
    const detector = smallDetector(0);
    const { name, shape } = { name: "conf.0.bias", shape: [16] };
    const values = Array.from({ length: 16 }, (_, i) => i - 3.5);
    const entry = (dtype: WeightEntry["dtype"], data: ArrayBufferView): WeightEntry => ({
      name,
      dtype,
      shape,
      read: async () => new Uint8Array(data.buffer),
    });
    // bfloat16 is the upper half of float32.
    const upper = Uint16Array.from(
      values,
      (v) => new Uint32Array(Float32Array.of(v).buffer)[0]! >>> 16,
    );
    for (const given of [entry("float64", Float64Array.from(values)), entry("bfloat16", upper)]) {
      await fill(detector.native, new Map([[name, given]]));
      expect([...detector.stateDict()[name]!.toArray()]).toEqual(values);
    }
    const tracked = "stages.0.0.1.num_batches_tracked";
    const count = { ...entry("int32", Int32Array.of(7)), name: tracked, shape: [] };
    await fill(detector.native, new Map([[tracked, count]]));
    expect(Number(detector.stateDict()[tracked]!.toArray()[0])).toBe(7);
  });

  test("the digest is of the bytes that were loaded", async () => {
    const one = await fill(smallDetector(0).native, entriesOf(1));
    expect((await fill(smallDetector(2).native, entriesOf(1))).sha256).toBe(one.sha256);
    expect((await fill(smallDetector(0).native, entriesOf(2))).sha256).not.toBe(one.sha256);
  });
});

describe("when all must fit", () => {
  test("one that lacks, or has another shape, is named and nothing is changed", async () => {
    const model = smallDetector(0);
    const before = digests(model);
    const short = entriesOf(1);
    short.delete("loc.1.bias");
    await expect(fillAll(model.native, short, "w.st")).rejects.toEqual(
      failure("BAD_CHECKPOINT", "w.st", "expected tensor loc.1.bias", "1 missing"),
    );
    const wrong = entriesOf(1);
    wrong.set("loc.1.bias", { ...wrong.get("loc.1.bias")!, shape: [4, 4] });
    await expect(fillAll(model.native, wrong, "w.st")).rejects.toEqual(
      failure("BAD_CHECKPOINT", "w.st", "loc.1.bias of shape [16], got [4,4]"),
    );
    expect(digests(model)).toEqual(before);
  });

  test("more than the model has is no failure", async () => {
    const more = entriesOf(1);
    more.set("extra", { ...more.get("loc.1.bias")!, name: "extra" });
    const model = smallDetector(0);
    await fillAll(model.native, more, "w.st");
    expect(digests(model)).toEqual(digests(smallDetector(1)));
  });
});
