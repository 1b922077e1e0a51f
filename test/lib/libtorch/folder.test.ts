import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readFolder } from "../../../lib/libtorch/folder.js";
import { temporaryFolder, writeTree } from "../../support/temporary.js";

const header =
  "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n#define TORCH_VERSION_PATCH 3\n";

test.each([
  ["version.py", "debug = False\n__version__ = '2.13.0+cpu'\n", "2.13.0+cpu"],
  ["version.py", '__version__ = "2.14.0a0+git1234"\n', "2.14.0a0+git1234"],
  ["build-version", "2.13.0+cu130\n", "2.13.0+cu130"],
  ["include/torch/headeronly/version.h", header, "2.11.3"],
  ["include/torch/csrc/api/include/torch/version.h", header, "2.11.3"],
])("reads the version in %s", (file, text, version) => {
  const folder = writeTree(temporaryFolder(), { "lib/libtorch.so": "", [file]: text });
  expect(readFolder(folder)).toEqual({ version, cuda: false });
});

test("a header that only includes another is passed over for the one with the numbers", () => {
  const folder = writeTree(temporaryFolder(), {
    "lib/libtorch.so": "",
    "build-version": "unknown",
    "include/torch/csrc/api/include/torch/version.h": header,
  });
  expect(readFolder(folder)).toMatchObject({ version: "2.11.3" });
});

test("CUDA is there when its library is", () => {
  const files = { "lib/libtorch.so": "", "lib/libtorch_cuda.so": "", "build-version": "2.13.0" };
  expect(readFolder(writeTree(temporaryFolder(), files))).toMatchObject({ cuda: true });
});

test("says why a folder is none", () => {
  const folder = temporaryFolder();
  expect(readFolder(join(folder, "missing"))).toBe("no such folder");
  expect(readFolder(folder)).toBe("no lib/libtorch.so in it");
  mkdirSync(join(folder, "lib"));
  writeTree(folder, { "lib/libtorch.so": "" });
  expect(readFolder(folder)).toMatch(/^no version in it/);
  expect(readFolder(join(folder, "lib/libtorch.so"))).toBe("not a folder");
});
