import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { findEngines, loadEngine } from "../../lib/native.js";

test("engines are found by the minor version they were built for", () => {
  const engines = findEngines();
  expect(engines.size).toBeGreaterThan(0);
  for (const [version, file] of engines) {
    expect(file).toMatch(new RegExp(`torch${version.replace(".", "\\.")}\\.so$`));
    expect(existsSync(file)).toBe(true);
  }
});

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

test("what the engine is given of another kind is an error, not a crash", () => {
  const { engine } = loadEngine();
  const anything = {} as never;
  expect(() => new engine.Model(anything, 0)).toThrow(/graph/);
  expect(() => new engine.Pack(anything)).toThrow(/pack index/);
  expect(() => new engine.Loader(anything, anything)).toThrow(/a pack/);
  expect(() => new engine.Session(anything, null, anything, anything)).toThrow(/expected an? /);
  expect(() => engine.jaccard(anything, anything)).toThrow(/expected [ab], got something else/);
});
