import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Detector } from "../../lib/detector.js";
import { loadEngine } from "../../lib/native.js";
import { packageRoot } from "../../lib/package.js";
import { install } from "../support/installed.js";
import { writeTree } from "../support/temporary.js";
import { cat, dog, picture, writeDevkit } from "../support/voc.js";

// Every code block of README.md, as it stands there, in a project that has the package installed and what
// the blocks speak of: a small VOC2007, a picture, weights.

const blocks = [...readFileSync(join(packageRoot, "README.md"), "utf8").matchAll(fence())].map(
  ([, language, text]) => ({ language: language!, text: text! }),
);

function fence(): RegExp {
  return /^```(\w+)\n([\s\S]*?)^```$/gm;
}

/** What no test can wait for, and what stands for it. */
const shorter: [RegExp, string][] = [
  [/ssd300-(vgg16|mobilenetv2)\b(?!-)/g, "ssd128-tiny"],
  [/epochs: 60/, "epochs: 1, batch: 2, threads: 1"],
  [/^train .*/, "$& --epochs 1 --batch 2 --threads 1"],
  [
    /^bench .*/,
    "$& --rounds 1 --seconds 0.01 --pictures 8 --batch 2 --size 64 --model ssd128-tiny",
  ],
];

const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
let project: string;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "ssd-distill-readme-"));
  install(project);
  const pets = { a: [cat, dog], b: [cat], c: [dog], d: [dog, cat], e: [cat], f: [dog] };
  const sets = { train: "a\nb\nc\n", val: "d\n", trainval: "a\nb\nc\nd\n", test: "e\nf\n" };
  await writeDevkit(join(project, "VOC2007"), pets, sets);
  writeFileSync(join(project, "street.jpg"), await picture("street.jpg"));
  copyFileSync(
    join(packageRoot, "test/golden/weights/checkpoint.pth"),
    join(project, "weights.pth"),
  );
  const classes = ["cat", "dog"];
  const tiny = Detector.create("ssd128-tiny", { classes });
  for (const name of ["teacher", "mobilenetv2"]) {
    await tiny.save(join(project, `${name}.safetensors`));
  }
  const large = Detector.create("ssd300-vgg16-torchvision", { classes });
  await large.save(join(project, "student.safetensors"));
  await large.save(join(project, "ssd300_vgg16_coco.pth"), { layout: "torchvision" });
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

test("all blocks are of a kind that is run here", () => {
  expect(blocks.length).toBeGreaterThan(5);
  expect(new Set(blocks.map(({ language }) => language))).toEqual(
    new Set(["sh", "ts", "Dockerfile"]),
  );
});

test.each(blocks)("$language: $text", ({ language, text }) => {
  if (language === "ts") runProgram(text);
  else if (language === "sh") for (const command of commandsOf(text)) runCommand(command);
  else readDockerfile(text);
});

/** Lines without comments, those that go on put together. */
function commandsOf(text: string): string[] {
  const lines = text.replace(/\\\n\s*/g, "").split("\n");
  return lines.map((line) => line.replace(/\s+#.*$/, "").trim()).filter(Boolean);
}

function runCommand(command: string): void {
  const [, words] = /^(?:npx )?ssd-distill (.*)$/.exec(command) ?? [];
  if (words !== undefined) expectWell(cliOf(words), command);
  else expectNpm(command);
}

/** npm's own: what is named has to be there. What they do, `npm test` and try:package do in earnest. */
function expectNpm(command: string): void {
  const [, names] = /^npm install (?:--save-dev )?(.*)$/.exec(command) ?? [];
  const [, script] = /^(?:npm explore ssd-distill -- )?npm (?:run )?([\w:-]+)$/.exec(command) ?? [];
  const { peerDependencies, devDependencies, scripts, name } = manifest;
  const known = { [name]: "", ...peerDependencies, ...devDependencies };
  expect([names, script], command).not.toEqual([undefined, undefined]);
  for (const wanted of names?.split(" ") ?? []) expect(Object.keys(known)).toContain(wanted);
  if (script !== undefined) expect(Object.keys(scripts)).toContain(script);
}

function cliOf(words: string): string[] {
  let line = words;
  for (const [pattern, by] of shorter) line = line.replace(pattern, by);
  return [join("node_modules", "ssd-distill", "dist", "cli", "main.js"), ...line.split(" ")];
}

function runProgram(text: string): void {
  let program = text;
  for (const [pattern, by] of shorter) program = program.replace(pattern, by);
  writeTree(project, { "program.mjs": program, "program.mts": text });
  expectWell(["program.mjs"], text);
  const tsc = join(packageRoot, "node_modules", "typescript", "bin", "tsc");
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022"];
  // The console of the program is Node's, and its types are no part of the project.
  const types = ["--types", "node", "--typeRoots", join(packageRoot, "node_modules", "@types")];
  expectWell([tsc, ...flags, ...types, "--skipLibCheck", "program.mts"], text);
}

function expectWell(args: string[], what: string): void {
  const LIBTORCH = loadEngine().libtorch.path;
  const env = { PATH: process.env.PATH, HOME: project, LIBTORCH, OMP_NUM_THREADS: "1" };
  const given = { cwd: project, env, encoding: "utf8" as const };
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, given);
  expect({ status, signal }, `${what}\n${stdout}${stderr}`).toEqual({ status: 0, signal: null });
}

function readDockerfile(text: string): void {
  const steps = commandsOf(text).map((line) => line.split(/ (.*)/) as [string, string]);
  expect(steps.map(([word]) => word)).toEqual(["FROM", "WORKDIR", "RUN", "ENV", "CMD"]);
  const of = Object.fromEntries(steps) as Record<"FROM" | "RUN" | "CMD", string>;
  const [least] = /\d+/.exec(manifest.engines.node)!;
  expect(Number(/^node:(\d+)-bookworm-slim$/.exec(of.FROM)?.[1])).toBeGreaterThanOrEqual(
    Number(least),
  );
  for (const command of of.RUN.split(" && ").filter((part) => part !== "npm init -y")) {
    expectNpm(command);
  }
  runCommand(JSON.parse(of.CMD).join(" "));
}
