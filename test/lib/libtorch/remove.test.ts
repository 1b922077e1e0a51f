import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { removeLibtorch } from "../../../lib/libtorch/remove.js";
import { fakeLibtorch } from "../../support/libtorch.js";
import { failure } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

let cache: string;

beforeEach(() => {
  const folder = temporaryFolder();
  vi.stubEnv("SSD_DISTILL_CACHE", folder);
  cache = join(folder, "libtorch");
});

test("one is removed and the others stay", () => {
  fakeLibtorch(join(cache, "2.13.0"), "2.13.0+cpu");
  fakeLibtorch(join(cache, "2.13.0+cu130"), "2.13.0+cu130");
  expect(removeLibtorch("2.13.0")).toBe(join(cache, "2.13.0"));
  expect(readdirSync(cache)).toEqual(["2.13.0+cu130"]);
});

test("a name that is none is told with those that are, and nothing is touched", () => {
  expect(() => removeLibtorch("2.13.0")).toThrow(failure("BAD_OPTION", "nothing", '"2.13.0"'));
  fakeLibtorch(join(cache, "2.13.0"), "2.13.0+cpu");
  const outside = fakeLibtorch(join(cache, "..", "2.12.0"), "2.12.0");
  for (const name of ["2.13.1", "", "..", "../2.12.0", "2.13.0/lib", ".install-x"]) {
    expect(() => removeLibtorch(name)).toThrow(
      failure("BAD_OPTION", "2.13.0", JSON.stringify(name)),
    );
  }
  expect(existsSync(join(cache, "2.13.0", "lib"))).toBe(true);
  expect(existsSync(outside)).toBe(true);
});
