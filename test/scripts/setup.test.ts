import { chmodSync, cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { node } from "../support/cli.js";
import { temporaryFolder, writeTree } from "../support/temporary.js";

/** A clone whose packages are installed and whose engine was never built. */
function clone(): string {
  const folder = writeTree(temporaryFolder(), {
    "package-lock.json": "{}",
    "node_modules/.package-lock.json": "{}",
    "CMakeLists.txt": "",
    "native/x.cpp": "",
  });
  cpSync(fileURLToPath(new URL("../../scripts", import.meta.url)), join(folder, "scripts"), {
    recursive: true,
  });
  return folder;
}

/** A PATH with node and programs that print a line, and nothing else. */
function pathWith(programs: Record<string, string>): string {
  const scripts = Object.entries(programs).map(([name, says]) => [
    name,
    `#!/bin/sh\necho ${says}\n`,
  ]);
  const bin = writeTree(temporaryFolder(), Object.fromEntries(scripts));
  for (const name of Object.keys(programs)) chmodSync(join(bin, name), 0o755);
  symlinkSync(process.execPath, join(bin, "node"));
  return bin;
}

function setup(folder: string, args: readonly string[], path: string) {
  const env = { PATH: path, CC: "", CXX: "" };
  return node([join(folder, "scripts", "setup.mjs"), ...args], env);
}

const compilers = { cc: "", "c++": "" };

test.each<[string, Record<string, string>, string]>([
  ["C++20 compiler", {}, "g++"],
  ["C compiler", { "c++": "" }, "gcc"],
  ["CMake", compilers, "cmake"],
  ["Ninja", { ...compilers, cmake: "cmake version 3.25.1" }, "ninja-build"],
])("a missing %s is one sentence with the package to install, and 2", (tool, programs, name) => {
  const { code, out, err } = setup(clone(), [], pathWith(programs));
  expect([code, out]).toEqual([2, ""]);
  const [packages, sentence, ...more] = err.trim().split("\n");
  expect(packages).toMatch(/^setup: packages: up to date/);
  expect(sentence).toContain(tool);
  expect(sentence).toMatch(new RegExp(`apt-get install ${name.replaceAll("+", "\\+")}$`));
  expect(more).toEqual([]);
});

test("a CMake that is too old is told with its version", () => {
  const path = pathWith({ ...compilers, make: "", cmake: "cmake version 3.10.2" });
  const { code, err } = setup(clone(), [], path);
  expect(code).toBe(2);
  expect(err).toContain("needs CMake 3.18 or newer, got 3.10");
});

test("an unknown argument is a usage error", () => {
  const { code, err } = setup(clone(), ["--fast"], pathWith({}));
  expect(code).toBe(2);
  expect(err).toBe("setup: expected --native-tests or --CDNAME=VALUE, got --fast\n");
});

test("building in an installed package says what of npm it is built with", () => {
  const folder = writeTree(clone(), { "package.json": "{}" });
  const { code, err } = node([join(folder, "scripts", "build-from-source.mjs")], {
    PATH: pathWith(compilers),
  });
  expect(code).toBe(2);
  expect(err).toBe(
    "build: the engine is built with node-addon-api and node-api-headers and cmake-js, not found: " +
      "npm install --save-dev node-addon-api node-api-headers cmake-js\n",
  );
});
