import { expect, test } from "vitest";
import { buildGraph } from "../../lib/models/build.js";
import { loadEngine } from "../../lib/native.js";
import type { DType } from "../../lib/native-engine.js";
import { failure, small } from "../support/small.js";

test("the engine is loaded once, with the LibTorch it was built for", () => {
  const first = loadEngine();
  expect(loadEngine({ libtorch: "/none/such" })).toBe(first);
  const { libtorch, built, threads, devices, cuda } = first.engine.info();
  expect(first.libtorch.version.startsWith(built)).toBe(true);
  expect(libtorch.startsWith(`${built}.`)).toBe(true);
  expect(threads).toBeGreaterThan(0);
  expect(devices[0]).toBe("cpu");
  expect(devices.length > 1).toBe(cuda);
});

test("the number of threads is what was asked for", () => {
  const { engine } = loadEngine();
  for (const threads of [2, 1]) {
    engine.setThreads(threads);
    expect(engine.info().threads).toBe(threads);
  }
});

test("a tensor takes numbers of any dtype, in its own", () => {
  const { engine } = loadEngine();
  const model = new engine.Model(buildGraph(small, 3), 0);
  const weights = [0.5, -2, 1024, 0.25];
  const name = "stages.0.0.1.weight";
  for (const [dtype, data] of [
    ["float64", Float64Array.from(weights)],
    ["float32", Float32Array.from(weights)],
    ["float16", Uint16Array.of(0x3800, 0xc000, 0x6400, 0x3400)],
    ["bfloat16", Uint16Array.of(0x3f00, 0xc000, 0x4480, 0x3e80)],
  ] as const) {
    model.assign(name, new Float32Array(4));
    model.assign(name, data, dtype);
    expect([...new Float32Array(model.tensor(name).bytes())], dtype).toEqual(weights);
  }
  const steps = "stages.0.0.1.num_batches_tracked";
  model.assign(steps, Int32Array.of(7), "int32");
  expect(new BigInt64Array(model.tensor(steps).bytes())[0]).toBe(7n);
  model.dispose();
});

test("a tensor takes no other number of elements, no fractions for integers, no unknown dtype", () => {
  const { engine } = loadEngine();
  const model = new engine.Model(buildGraph(small, 3), 0);
  const name = "stages.0.0.1.weight";
  const steps = "stages.0.0.1.num_batches_tracked";
  const start = model.tensor(name).bytes();
  const damaged = (...parts: string[]) => failure("BAD_CHECKPOINT", ...parts);
  expect(() => model.assign(name, new Float64Array(3), "float64")).toThrow(
    damaged(name, "32 bytes", "got 24"),
  );
  expect(() => model.assign(name, new Float32Array(4), "float16")).toThrow(damaged("8 bytes"));
  expect(() => model.assign(steps, Float32Array.of(1), "float32")).toThrow(
    damaged(steps, "integers"),
  );
  expect(() => model.assign("none", new Float32Array(4), "float32")).toThrow(damaged("none"));
  expect(() => model.assign(name, new Float32Array(4), "float8" as DType)).toThrow(
    failure("BAD_OPTION", "float8"),
  );
  expect(model.tensor(name).bytes()).toEqual(start);
  model.dispose();
});

test("what the engine is given of another kind is an error, not a crash", () => {
  const { engine } = loadEngine();
  const anything = {} as never;
  expect(() => new engine.Model(anything, 0)).toThrow(/graph/);
  expect(() => new engine.Pack(anything)).toThrow(/pack index/);
  expect(() => new engine.Loader(anything, anything)).toThrow(/pictures/);
  expect(() => new engine.MemoryPack(anything)).toThrow(/picture list/);
  expect(() => new engine.Feed(anything)).toThrow(/picture list/);
  expect(() => new engine.Session(anything, null, anything, anything)).toThrow(/expected an? /);
  expect(() => engine.jaccard(anything, anything)).toThrow(/expected [ab], got something else/);
});
