// Rules of this repository that no ready-made linter knows, and the format of the C++ sources.
// `--write` formats them.
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ask, filesUnder, root, which } from "./steps.mjs";

const code = /\.(ts|mjs|cpp|h|c|cu|cuh|py)$/;
const native = /\.(cpp|h|c|cu|cuh)$/;
const longest = 400;
const long = 250;
// Other versions format differently; this is Debian's, and `pip install clang-format==14.0.6`.
const formatter = 14;

const files = ["lib", "native", "test", "scripts"].flatMap((folder) => filesUnder(folder, code));
const problems = [
  ...checkLengths(),
  ...checkNapi(),
  ...checkStems(),
  ...checkFormat(process.argv.includes("--write")),
];
if (files.length === 0) problems.push("no file was found to check");
for (const problem of problems) say(problem);
say(`${files.length} files, ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);

function say(line) {
  process.stderr.write(`lint: ${line}\n`);
}

/** A file that does not fit on a few screens does more than one thing. */
function checkLengths() {
  const lengths = files
    .map((file) => ({ file, lines: read(file).split("\n").length - 1 }))
    .filter(({ lines }) => lines > long)
    .sort((a, b) => b.lines - a.lines);
  for (const { file, lines } of lengths) {
    if (lines <= longest) say(`note: ${file} has ${lines} lines`);
  }
  return lengths
    .filter(({ lines }) => lines > longest)
    .map(({ file, lines }) => `${file} has ${lines} lines, at most ${longest} are allowed`);
}

/** The core knows nothing of Node, so that its tests and other front ends need none. */
function checkNapi() {
  return files
    .filter((file) => /^(native|test\/native)\//.test(file) && !file.startsWith("native/bindings/"))
    .filter((file) => /#include\s*[<"](napi|node_api|js_native_api)/.test(read(file)))
    .map((file) => `${file} includes Node's headers, which belong to native/bindings alone`);
}

/**
 * A test stands where its source does and carries its stem: test/native/boxes/nms_test.cpp for
 * native/boxes/nms.cpp, test/lib/cli/exit.test.ts for lib/cli/exit.ts. More words may follow the
 * stem (nms_cuda_test.cpp, exit.signals.test.ts). What kernels are held to is no test.
 */
function checkStems() {
  const tests = files.filter((file) =>
    /^test\/((lib|scripts)\/.*\.test\.ts|native\/(?!reference\/)[^/]+\/.*\.cpp)$/.test(file),
  );
  return tests
    .filter((file) => !hasSource(file))
    .map((file) => `${file} mirrors no source: none in ${sourceFolder(file)} has its stem`);
}

function hasSource(test) {
  const stem = basename(test).replace(/(\.test\.ts|_test\.cpp|\.cpp)$/, "");
  const folder = sourceFolder(test);
  return files.some((file) => {
    if (dirname(file) !== folder) return false;
    const source = basename(file).replace(/\.\w+$/, "");
    return stem === source || (stem.startsWith(source) && /[._-]/.test(stem[source.length]));
  });
}

function sourceFolder(test) {
  return dirname(test).slice("test/".length);
}

function checkFormat(write) {
  const sources = files.filter((file) => native.test(file));
  const program = findFormatter();
  if (program === undefined) {
    say(`note: clang-format ${formatter} is not installed, so the C++ format is unchecked`);
    return [];
  }
  if (sources.length === 0) return ["no C++ file was found to check"];
  const style = `--style=file:${join(root, "native", ".clang-format")}`;
  const result = ask(program, [style, ...(write ? ["-i"] : ["--dry-run", "--Werror"]), ...sources]);
  if (result.ok) return [];
  const wrong = new Set(result.err.match(/^[^\s:]+(?=:\d+:\d+: error)/gm));
  if (wrong.size === 0) return [`clang-format failed: ${result.err.trim()}`];
  return [...wrong].map((file) => `${file} is not formatted; "npm run format" does it`);
}

function findFormatter() {
  return [`clang-format-${formatter}`, "clang-format"].find(
    (program) =>
      which(program) && ask(program, ["--version"]).out.includes(`version ${formatter}.`),
  );
}

function read(file) {
  return readFileSync(join(root, file), "utf8");
}
