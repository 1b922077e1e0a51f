import { join } from "node:path";
import { expect, test } from "vitest";
import { requireOnlyLibtorch } from "../../../lib/libtorch/mapped.js";
import { loadEngine } from "../../../lib/native.js";
import { failure } from "../../support/small.js";
import { temporaryFolder, writeTree } from "../../support/temporary.js";

const other = () => writeTree(temporaryFolder(), { "lib/libtorch_cpu.so": "" });

test("before anything is loaded any LibTorch may be; after, it has to be there", () => {
  const folder = other();
  expect(() => requireOnlyLibtorch(folder, "before")).not.toThrow();
  expect(() => requireOnlyLibtorch(folder, "after")).toThrow(
    failure("NO_LIBTORCH", join(folder, "lib", "libtorch_cpu.so"), "got none"),
  );
});

test("once one is loaded it is the only one", () => {
  const { path } = loadEngine().libtorch;
  for (const when of ["before", "after"] as const) {
    expect(() => requireOnlyLibtorch(path, when)).not.toThrow();
    const folder = other();
    expect(() => requireOnlyLibtorch(folder, when)).toThrow(
      failure("NO_LIBTORCH", join(folder, "lib", "libtorch_cpu.so"), join(path, "lib")),
    );
  }
});
