import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { SsdError } from "../../../lib/errors.js";
import { everyLibtorch, locateLibtorch } from "../../../lib/libtorch/locate.js";
import { fakeLibtorch } from "../../support/libtorch.js";
import { stubPython } from "../../support/python.js";
import { temporaryFolder } from "../../support/temporary.js";

let cache: string;

beforeEach(() => {
  vi.unstubAllEnvs();
  vi.stubEnv("LIBTORCH", undefined);
  vi.stubEnv("LIBTORCH_USE_PYTORCH", undefined);
});

function emptyCache(): void {
  cache = temporaryFolder();
  vi.stubEnv("SSD_DISTILL_CACHE", cache);
}

function cached(version: string): string {
  return fakeLibtorch(join(cache, "libtorch", version), version);
}

function failure(options?: Parameters<typeof locateLibtorch>[0]): SsdError {
  try {
    locateLibtorch(options);
  } catch (error) {
    expect(error).toBeInstanceOf(SsdError);
    return error as SsdError;
  }
  throw new Error("expected an error");
}

test("the option is preferred to LIBTORCH, and LIBTORCH to the cache", () => {
  emptyCache();
  const mine = fakeLibtorch(temporaryFolder(), "2.13.1");
  const theirs = fakeLibtorch(temporaryFolder(), "2.13.2+cu130", { "lib/libtorch_cuda.so": "" });
  const here = cached("2.13.0");
  expect(locateLibtorch()).toEqual({ path: here, version: "2.13.0", source: "cache", cuda: false });
  vi.stubEnv("LIBTORCH", theirs);
  expect(locateLibtorch({ versions: ["2.13"] })).toEqual({
    path: theirs,
    version: "2.13.2+cu130",
    source: "LIBTORCH",
    cuda: true,
  });
  expect(locateLibtorch({ libtorch: mine })).toMatchObject({ path: mine, source: "option" });
});

test("a relative path becomes absolute: the linker would search for it elsewhere", () => {
  const folder = fakeLibtorch(temporaryFolder(), "2.13.0");
  expect(locateLibtorch({ libtorch: relative(process.cwd(), folder) }).path).toBe(folder);
});

test("of the cache the newest accepted version is taken", () => {
  emptyCache();
  for (const version of ["2.9.1", "2.13.0", "2.13.10", "2.14.1"]) cached(version);
  mkdirSync(join(cache, "libtorch", ".install-abc"));
  mkdirSync(join(cache, "libtorch", "2.13.99"));
  expect(locateLibtorch({ versions: ["2.13"] }).version).toBe("2.13.10");
  expect(locateLibtorch({ versions: ["2.13", "2.14"] }).version).toBe("2.14.1");
  expect(locateLibtorch({ versions: ["2.9"] }).version).toBe("2.9.1");
});

test.each(["option", "LIBTORCH"])(
  "a choice by %s that does not hold is never passed over",
  (how) => {
    emptyCache();
    cached("2.13.0");
    const choose = (path: string) => {
      if (how === "LIBTORCH") vi.stubEnv("LIBTORCH", path);
      return failure({ versions: ["2.13"], ...(how === "option" ? { libtorch: path } : {}) });
    };
    const empty = temporaryFolder();
    const other = fakeLibtorch(temporaryFolder(), "2.11.0+cu130");
    const wrong = [choose(empty), choose(join(empty, "missing")), choose(other)];
    for (const error of wrong) {
      expect(error.code).toBe("NO_LIBTORCH");
      expect(error.message).not.toContain("\n");
    }
    expect(wrong[0]!.message).toContain(`${empty}: no lib/libtorch.so in it`);
    expect(wrong[1]!.message).toContain("no such folder");
    expect(wrong[2]!.message).toContain(`expected LibTorch 2.13, got 2.11.0+cu130 at ${other}`);
  },
);

test("an error lists every place that was tried, under one sentence", () => {
  emptyCache();
  const old = cached("2.11.0");
  const [sentence, ...places] = failure({ versions: ["2.13"] }).message.split("\n");
  expect(sentence).toMatch(/^expected LibTorch 2\.13, found none: .*libtorch install/);
  expect(places).toEqual([
    "  - option libtorch: not given",
    "  - LIBTORCH: not set",
    expect.stringMatching(/^ {2}- package @ssd-distill\/libtorch-\w+-\w+-cpu: not installed$/),
    `  - cache: expected LibTorch 2.13, got 2.11.0 at ${old}`,
    expect.stringMatching(/^ {2}- python3: not asked/),
  ]);
});

test("a Python's torch is taken only when asked for, and after the cache", () => {
  emptyCache();
  const torch = fakeLibtorch(temporaryFolder(), "2.13.0+cpu");
  stubPython(`echo ${torch}`);
  vi.stubEnv("LIBTORCH_USE_PYTORCH", "1");
  expect(locateLibtorch()).toMatchObject({ path: torch, source: "python" });
  const here = cached("2.13.0");
  expect(locateLibtorch()).toMatchObject({ path: here, source: "cache" });
});

test.each([
  ["echo", "python3: has no torch"],
  ["echo broken >&2; exit 1", "python3: failed: broken"],
])("a Python that answers %j is told", (line, told) => {
  emptyCache();
  stubPython(line);
  vi.stubEnv("LIBTORCH_USE_PYTORCH", "1");
  expect(failure().message).toContain(told);
});

test("a folder that was tried is passed over, with the reason", () => {
  emptyCache();
  const [cuda, cpu] = [cached("2.13.0+cu130"), cached("2.13.0")];
  expect(locateLibtorch().path).toBe(cuda);
  expect(locateLibtorch({ passedOver: new Map([[cuda, "it ended"]]) }).path).toBe(cpu);
  const none = new Map([
    [cuda, "it ended"],
    [cpu, "it ended too"],
  ]);
  expect(failure({ passedOver: none }).message).toMatch(
    /- cache: it ended\n {2}- cache: it ended too/,
  );
});

test("all that are there are listed in the order of preference, broken ones left out", () => {
  emptyCache();
  const mine = fakeLibtorch(temporaryFolder(), "2.11.0");
  vi.stubEnv("LIBTORCH", mine);
  const [old, young] = [cached("2.9.1"), cached("2.13.0")];
  mkdirSync(join(cache, "libtorch", "2.12.0"));
  expect(everyLibtorch().map(({ path, source }) => [path, source])).toEqual([
    [mine, "LIBTORCH"],
    [young, "cache"],
    [old, "cache"],
  ]);
});
