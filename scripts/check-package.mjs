// What `npm publish` would send: prebuilt, packed, and held to what a package should be. The tarball and
// what it unpacks to stay in build/package.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { floorOf } from "./floor.mjs";
import { ask, Failure, filesUnder, root, run, runSteps } from "./steps.mjs";

const folder = join(root, "build", "package");
const node = process.execPath;
// Bytes: of the tarball, and of what it unpacks to.
const limits = { size: 3e6, unpackedSize: 12e6 };
const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/vitest.config.ts"];
const typedoc = ["--options", "scripts/typedoc.json"];
let packed;

runSteps("package", [
  ["binaries", () => run(node, ["scripts/prebuild.mjs", "--fresh"])],
  ["tarball", pack],
  ["contents", contents],
  ["sizes", sizes],
  ["system", system],
  ["publint", () => run(node, ["node_modules/publint/src/cli.js", "run", tarball(), "--strict"])],
  ["types", () => run(node, ["node_modules/@arethetypeswrong/cli/dist/index.js", tarball()])],
  ["README", () => run(node, [...vitest, "test/package/readme.test.ts"])],
  ["API pages", () => run(node, ["node_modules/typedoc/bin/typedoc", ...typedoc])],
]);

function pack() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const said = ask("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder]);
  if (!said.ok) throw new Failure(`npm pack failed: ${said.err.trim()}`);
  [packed] = JSON.parse(said.out);
  return packed.filename;
}

function tarball() {
  return join(folder, packed.filename);
}

/** Exactly these files: what is missing would break an installation, what is too much tells too much. */
function contents() {
  const here = packed.files.map(({ path }) => path);
  const wanted = wantedFiles();
  const differences = [
    ...wanted.filter((path) => !here.includes(path)).map((path) => `  missing: ${path}`),
    ...here.filter((path) => !wanted.includes(path)).map((path) => `  unasked: ${path}`),
  ];
  if (differences.length === 0) return `${here.length} files`;
  throw new Failure(`the package's files differ:\n${differences.join("\n")}`);
}

function wantedFiles() {
  const stems = filesUnder("lib", /\.ts$/).map((file) => file.slice("lib/".length, -".ts".length));
  const compiled = stems.flatMap((stem) =>
    [".js", ".js.map", ".d.ts"].map((end) => `${stem}${end}`),
  );
  const commonJs = ["package.json", "index.js", ...stems.map((stem) => `${stem}.d.ts`)];
  const versions = filesUnder("build/Release", /\.so$/).map((file) => file.split("/").at(-1));
  return [
    ...["package.json", "README.md", "LICENSE", "CMakeLists.txt", "lib/CHANGELOG.md"],
    ...compiled.map((file) => `dist/${file}`),
    ...commonJs.map((file) => `dist/cjs/${file}`),
    ...["ssd-distill.glibc.node", ...versions].map((file) => `prebuilds/linux-x64/${file}`),
    ...filesUnder("native", /./),
    ...["build-from-source", "native", "steps"].map((name) => `scripts/${name}.mjs`),
  ];
}

function sizes() {
  const told = Object.entries(limits).map(([name, limit]) => {
    if (packed[name] > limit) {
      throw new Failure(`expected ${name} of at most ${limit} bytes, got ${packed[name]}`);
    }
    return `${name} ${(packed[name] / 1e6).toFixed(2)} MB`;
  });
  return told.join(", ");
}

/** What of the system the binaries need, as they say themselves. */
function system() {
  return filesUnder("prebuilds", /\.(node|so)$/)
    .map((file) => `${file.split("/").at(-1)}: ${floorOf(readFileSync(join(root, file)))}`)
    .join("; ");
}
