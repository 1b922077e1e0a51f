import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { cacheDir } from "../../../lib/data/cache.js";
import { locateLibtorch } from "../../../lib/libtorch/locate.js";
import { failure } from "../../support/small.js";

vi.mock("node:os", async (original) => {
  const os = await original<typeof import("node:os")>();
  return { ...os, homedir: vi.fn(os.homedir) };
});

beforeEach(() => {
  vi.unstubAllEnvs();
  vi.stubEnv("SSD_DISTILL_CACHE", undefined);
  vi.stubEnv("XDG_CACHE_HOME", undefined);
  vi.stubEnv("HOME", "/home/somebody");
});

test("the cache is where somebody wants it, else in the user's cache folder", () => {
  expect(cacheDir()).toBe("/home/somebody/.cache/ssd-distill");
  vi.stubEnv("XDG_CACHE_HOME", "/var/cache/somebody");
  expect(cacheDir()).toBe("/var/cache/somebody/ssd-distill");
  // The specification: a relative path there is to be passed over.
  vi.stubEnv("XDG_CACHE_HOME", "cache");
  expect(cacheDir()).toBe(join("/home/somebody", ".cache", "ssd-distill"));
  vi.stubEnv("SSD_DISTILL_CACHE", "here");
  expect(cacheDir()).toBe(resolve("here"));
});

test("a user without a home is told what to set, and LibTorch is looked for elsewhere", () => {
  const none = () => {
    throw new Error("uv_os_homedir returned ENOENT");
  };
  vi.mocked(homedir).mockImplementationOnce(none).mockImplementationOnce(none);
  expect(cacheDir).toThrow(failure("BAD_OPTION", "without a home", "SSD_DISTILL_CACHE"));
  vi.stubEnv("LIBTORCH", undefined);
  vi.stubEnv("LIBTORCH_USE_PYTORCH", undefined);
  expect(() => locateLibtorch({ versions: ["0.0"] })).toThrow(
    /- cache: expected a folder .*SSD_DISTILL_CACHE names one\n.*python3: not asked/,
  );
});
