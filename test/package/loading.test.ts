import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findEngines } from "../../lib/libtorch/engines.js";
import { loadEngine } from "../../lib/native.js";
import { packageRoot } from "../../lib/package.js";
import {
  armFolder,
  bareCudaFolder,
  crashFolder,
  cudaFolder,
  cutFolder,
  htmlFolder,
  missingFolder,
  muslFolder,
} from "../support/broken-libtorch.js";
import { copyLibtorch, install, installLibtorch } from "../support/installed.js";
import { fakeLibtorch } from "../support/libtorch.js";
import { temporaryFolder, writeTree } from "../support/temporary.js";

// Every situation in which native code is loaded from an installed package, each in a process of its own,
// and what came of it; a table at the end.

const outcomes: [string, string][] = [];
let libtorch: string;
// Whoever needs no project of his own works in a folder of this one.
let shared: string;

beforeAll(() => {
  libtorch = loadEngine().libtorch.path;
  shared = mkdtempSync(join(tmpdir(), "ssd-distill-"));
  install(shared);
});

afterAll(() => {
  rmSync(shared, { recursive: true, force: true });
  const width = Math.max(...outcomes.map(([situation]) => situation.length));
  console.log(outcomes.map(([what, came]) => `${what.padEnd(width)}  ${came}`).join("\n"));
});

/** Makes the smallest use of the engine there is, and tells which LibTorch is in the process. */
const use = `
const t = api.Tensor.from([1, 2], [2]);
const maps = require("node:fs").readFileSync("/proc/self/maps", "utf8");
const mapped = new Set(maps.match(/\\/\\S.*libtorch_cpu\\.so$/gm));
console.log(JSON.stringify({ numbers: [...t.toArray()], mapped: mapped.size }));
`;
const esm = `import { createRequire } from "node:module";
import * as api from "ssd-distill";
const require = createRequire(import.meta.url);
${use}`;
const cjs = `const api = require("ssd-distill");\n${use}`;

interface How {
  env?: NodeJS.ProcessEnv;
  args?: string[];
  uid?: number;
}

/** Runs a program of the project with as little of this environment as may be. */
function run(project: string, name: string, { env, args = [], uid }: How = {}) {
  const cwd = project;
  const clean = {
    PATH: process.env.PATH,
    NO_COLOR: "1",
    SSD_DISTILL_CACHE: join(project, "cache"),
    ...env,
  };
  const given = { cwd, env: clean, uid, encoding: "utf8" as const };
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...args, name], given);
  return { status, signal, stdout, stderr };
}

function project(files: Record<string, string> = { "main.mjs": esm }): string {
  return writeTree(mkdtempSync(join(shared, "project-")), files);
}

function ownProject(folder = temporaryFolder()): string {
  install(folder);
  return writeTree(folder, { "main.mjs": esm });
}

function expectLoaded(situation: string, ran: ReturnType<typeof run>): void {
  const told = ran.status === 0 ? "loads" : `${ran.signal ?? ran.status}: ${ran.stderr}`;
  outcomes.push([situation, told]);
  expect(ran).toMatchObject({ status: 0, signal: null, stderr: "" });
  for (const line of ran.stdout.trim().split("\n")) {
    expect(JSON.parse(line)).toEqual({ numbers: [1, 2], mapped: 1 });
  }
}

describe("loads", () => {
  const env = () => ({ LIBTORCH: libtorch });

  test("by import", () => {
    expectLoaded("ESM", run(project(), "main.mjs", { env: env() }));
  });

  test("nothing by import alone: no native code until something needs it", () => {
    const look = `import { presets } from "ssd-distill";
      import { readFileSync } from "node:fs";
      const native = readFileSync("/proc/self/maps", "utf8").match(/\\/\\S*(node_modules|torch)\\S*/g);
      console.log(JSON.stringify({ native, presets: Object.keys(presets).length > 5 }));`;
    const ran = run(project({ "main.mjs": look }), "main.mjs");
    outcomes.push(["import alone", ran.stdout.trim()]);
    expect(JSON.parse(ran.stdout)).toEqual({ native: null, presets: true });
  });

  test("by require, with one SsdError for both", () => {
    const both = `${cjs}
      import("ssd-distill").then((same) => { if (same.SsdError !== api.SsdError) process.exit(9); });`;
    expectLoaded("CommonJS", run(project({ "main.cjs": both }), "main.cjs", { env: env() }));
  });

  test("from a path with spaces and letters beyond ASCII", () => {
    const folder = join(temporaryFolder(), "mit Leerzeichen", "größe 漢字 🙂");
    mkdirSync(folder, { recursive: true });
    const own = ownProject(folder);
    const LIBTORCH = copyLibtorch(join(folder, "die Bücherei"));
    expectLoaded("spaces and 漢字 in all paths", run(own, "main.mjs", { env: { LIBTORCH } }));
  });

  test("from a folder that cannot be written, without HOME, for a user without a name", () => {
    const folder = ownProject();
    chmodSync(folder, 0o755);
    const LIBTORCH = join(folder, "libtorch");
    cpSync(libtorch, LIBTORCH, { recursive: true });
    spawnSync("chmod", ["-R", "a-w,a+rX", folder]);
    const uid = stranger();
    const ran = run(folder, "main.mjs", { env: { LIBTORCH, SSD_DISTILL_CACHE: undefined }, uid });
    spawnSync("chmod", ["-R", "u+w", folder]);
    expectLoaded(`read-only, no HOME${uid ? ", unknown user" : ""}`, ran);
  });

  test("in several workers at once", () => {
    const main = `import { Worker } from "node:worker_threads";
      for (let i = 0; i < 4; i++) new Worker(new URL("./work.mjs", import.meta.url));`;
    const own = project({ "main.mjs": main, "work.mjs": esm });
    expectLoaded("four workers at once", run(own, "main.mjs", { env: env() }));
  });

  test("in a forked process", () => {
    const main = `import { fork } from "node:child_process"; fork("work.mjs");`;
    const own = project({ "main.mjs": main, "work.mjs": esm });
    expectLoaded("child_process.fork", run(own, "main.mjs", { env: env() }));
  });

  test.each(["forks", "threads"])("in vitest's %s", (pool) => {
    const own = project({ "a.test.mjs": vitestFile, "b.test.mjs": vitestFile });
    const vitest = join(packageRoot, "node_modules/vitest/vitest.mjs");
    const args = [vitest, "run", "--pool", pool, "--root"];
    const { status, signal, stdout } = run(own, own, { args, env: env() });
    outcomes.push([`vitest --pool ${pool}`, status === 0 ? "loads" : stdout]);
    expect([status, signal]).toEqual([0, null]);
    expect(stdout).toMatch(/Tests {2}2 passed/);
  });

  test.each(["before", "after"])("beside sharp, %s it", (when) => {
    const sharp = `const { default: sharp } = await import("sharp");
      const { length } = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } }).png().toBuffer();
      if (length === 0) process.exit(9);`;
    const main = esm.replace(use, when === "before" ? `${use}\n${sharp}` : `${sharp}\n${use}`);
    expectLoaded(`${when} sharp`, run(project({ "main.mjs": main }), "main.mjs", { env: env() }));
  });

  test("with LibTorch from its npm package: npm's and yarn's flat folder", () => {
    const own = ownProject();
    installLibtorch(join(own, "node_modules"));
    expectLoaded("LibTorch package, flat (npm, yarn)", run(own, "main.mjs"));
  });

  test("with LibTorch from its npm package: pnpm's links into a store", () => {
    const own = writeTree(temporaryFolder(), { "main.mjs": esm });
    const store = join(own, "node_modules", ".pnpm", "ssd-distill@0", "node_modules");
    const real = install(own, store);
    installLibtorch(store);
    symlinkSync(real, join(own, "node_modules", "ssd-distill"));
    expectLoaded("LibTorch package, linked (pnpm)", run(own, "main.mjs"));
  });

  test("with LibTorch from the cache", () => {
    const own = project();
    copyLibtorch(join(own, "cache", "libtorch", "2.13.0"));
    expectLoaded("LibTorch in the cache", run(own, "main.mjs"));
  });

  test("past one for CUDA in the cache that cannot be loaded", () => {
    const own = project();
    const cache = join(own, "cache", "libtorch");
    const broken = crashFolder().LIBTORCH!;
    cpSync(broken, join(cache, "2.13.0+cu130"), { recursive: true });
    writeFileSync(join(cache, "2.13.0+cu130", "build-version"), "2.13.0+cu130");
    copyLibtorch(join(cache, "2.13.0"));
    expectLoaded("CUDA's and the CPU's in the cache, the first crashes", run(own, "main.mjs"));
  });

  test("with a LibTorch for CUDA on a machine without: on the CPU, and doctor says why", () => {
    const LIBTORCH = cudaFolder();
    const own = project();
    expectLoaded("CUDA's LibTorch, no driver", run(own, "main.mjs", { env: { LIBTORCH } }));
    const { status, stdout } = run(own, "doctor", {
      env: { LIBTORCH },
      args: [join(shared, "node_modules/ssd-distill/dist/cli/main.js")],
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^hint: all is computed on the CPU, not by CUDA: an? .*$/m);
    const wish = `import { Detector, presets } from "ssd-distill";
      try { Detector.create("ssd128-tiny", { classes: ["a"], device: "cuda" }); }
      catch ({ code, message }) { console.log(code, message); }`;
    writeTree(own, { "wish.mjs": wish });
    const wished = run(own, "wish.mjs", { env: { LIBTORCH } }).stdout;
    expect(wished).toMatch(/^NO_CUDA expected a CUDA device for cuda, got an? .*\n$/);
  });
});

/** A user that nobody knows, where this one may be another and the other may read what is linked here. */
function stranger(): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const uid = 54_321;
  const look = "require('node:fs').readFileSync(process.argv[1])";
  const file = join(packageRoot, "node_modules", "zod", "package.json");
  const { status } = spawnSync(process.execPath, ["-e", look, file], { uid, env: {} });
  return status === 0 ? uid : undefined;
}

const vitestFile = `import { expect, test } from "vitest";
import { Tensor } from "ssd-distill";
test("loads", () => expect([...Tensor.from([1, 2], [2]).toArray()]).toEqual([1, 2]));
`;

const wrong: [string, () => NodeJS.ProcessEnv, RegExp][] = [
  [
    "no LibTorch",
    () => ({}),
    /^NO_LIBTORCH expected LibTorch [\d.]+, found none: "npm install @ssd-distill\/\S+" or "ssd-distill libtorch install" installs one, LIBTORCH=FOLDER names one/,
  ],
  [
    "an empty folder",
    () => ({ LIBTORCH: temporaryFolder() }),
    /no lib\/libtorch\.so in it; without LIBTORCH .*install"/,
  ],
  [
    "another minor version",
    () => ({ LIBTORCH: fakeLibtorch(temporaryFolder(), "2.9.1+cpu") }),
    /expected LibTorch [\d.]+, got 2\.9\.1\+cpu at .*; without LIBTORCH .*install"/,
  ],
  ["one for musl", muslFolder, /libtorch\.so: built for musl, not for glibc; ".*install"/],
  [
    "a cut libtorch_cpu.so",
    cutFolder,
    /libtorch_cpu\.so: cut off after 1000000 bytes; ".*install"/,
  ],
  ["a page of HTML for a library", htmlFolder, /libc10\.so: no shared library; ".*install"/],
  ["a library that is missing", missingFolder, /libc10\.so: ENOENT: no such file.*install"/],
  ["another processor's", armFolder, /libc10\.so: a library for another processor .*install"/],
  ["CUDA's, which ends its process", crashFolder, /cannot be loaded, a process .* SIGSEGV; ".*"/],
  ["CUDA's, whose libraries are missing", bareCudaFolder, /libcudart\.so\.0: cannot open.*"/],
  ["no binaries for this machine", () => ({ LIBC: "musl", LIBTORCH: libtorch }), /from-source"/],
];

test.each(wrong)("a wrong one ends in a sentence: %s", (situation, make, sentence) => {
  const main = `import { Tensor } from "ssd-distill";
    try { Tensor.from([1], [1]); } catch ({ code, message }) { console.log(code, message); }`;
  const { status, signal, stdout, stderr } = run(project({ "main.mjs": main }), "main.mjs", {
    env: make(),
  });
  const [first = ""] = stdout.split("\n");
  outcomes.push([situation, signal ?? first]);
  expect([status, signal, stderr]).toEqual([0, null, ""]);
  expect(first).toMatch(/^NO_LIBTORCH expected|^NO_LIBTORCH \S+: expected|^NO_LIBTORCH .*LibTorch/);
  expect(first).toMatch(sentence);
});

test("a second LibTorch in a process ends in a sentence, and the first is used on", () => {
  const other = copyLibtorch(temporaryFolder(), ["libtorch_cpu.so"]);
  copyFileSync(join(libtorch, "lib/libtorch_cpu.so"), join(other, "lib/libtorch_cpu.so"));
  const own = project({
    "main.cjs": `const build = require("node-gyp-build");
      build(require("node:path").join(__dirname, "..", "node_modules/ssd-distill")).dlopen(process.env.OTHER);
      const { Tensor } = require("ssd-distill");
      try { Tensor.from([1], [1]); } catch ({ code, message }) { console.log(code, message); }`,
  });
  const env = { LIBTORCH: libtorch, OTHER: join(other, "lib", "libtorch.so") };
  const { status, stdout, stderr } = run(own, "main.cjs", { env });
  outcomes.push(["another LibTorch in the process", stdout.trim()]);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^NO_LIBTORCH expected no LibTorch in this process but .*, got .*\n$/);
  expect(stdout).toContain(join(other, "lib", "libtorch_cpu.so"));
});

test("an engine that was built here comes before the one that was shipped", () => {
  const own = ownProject();
  const [minor] = [...findEngines().keys()];
  const release = join(own, "node_modules/ssd-distill/build/Release");
  mkdirSync(release, { recursive: true });
  writeFileSync(join(release, `libssd_distill-torch${minor}.so`), "none");
  const { stderr, status } = run(own, "main.mjs", { env: { LIBTORCH: libtorch } });
  expect(status).toBe(1);
  expect(stderr).toContain(join(release, `libssd_distill-torch${minor}.so`));
});
