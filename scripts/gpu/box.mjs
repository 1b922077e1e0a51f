// The steps on a machine with a GPU (README.md). `--dry` does what can be done without one.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { ask, root } from "../steps.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dry: { type: "boolean", default: false },
    /** Seconds after which no step is begun. */
    until: { type: "string", default: "560" },
  },
});
const { dry } = values;
const out = process.env.OUT ?? join(root, "build", "gpu", "out");
const device = dry ? "cpu" : "cuda";
const python = process.env.SSD_DISTILL_PYTHON || "python3";
const torch = JSON.parse(
  said(python, [
    "-c",
    "import json, torch; c = torch.cuda.is_available(); print(json.dumps(dict(path=torch.__path__[0], version=torch.__version__, cuda=torch.version.cuda, gpu=torch.cuda.get_device_name() if c else None)))",
  ]),
);
const libtorch = process.env.LIBTORCH || torch.path;
const env = { ...process.env, LIBTORCH: libtorch, SSD_DISTILL_PYTHON: python };
const tests = join("build", "test", "native", "ssd_tests");
const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/vitest.config.ts"];

/** Of each step: seconds it may take, what it runs, one command after another, and which step's success spares it. */
const steps = {
  build: [400, () => [configure(), ["ninja", "-C", "build"]]],
  native: [120, () => [[tests]]],
  // Where those fail: whether PyTorch's own convolution does too, and whether older instructions help.
  "native-avx2": [
    120,
    () => [
      [
        python,
        "-c",
        "import torch; torch.conv2d(torch.rand(8, 64, 75, 75), torch.rand(64, 64, 3, 3))",
      ],
      ["env", "ONEDNN_MAX_CPU_ISA=AVX2", tests],
    ],
    "native",
  ],
  parity: [240, () => [[process.execPath, ...vitest, "--maxWorkers=4", ...parityFiles()]]],
  match: kernelStep("match"),
  kd: kernelStep("kd"),
  nms: kernelStep("nms"),
  step: [200, () => [bench("step", stepOf("ssd300-vgg16"))]],
  "step-kd": [
    200,
    () => [bench("step-kd", [...stepOf("ssd300-mobilenetv2"), ...teacherOf("ssd300-vgg16")])],
  ],
  sanitize: [
    150,
    () =>
      ["memcheck", "racecheck"].map((tool) => [
        "compute-sanitizer",
        "--tool",
        tool,
        "--error-exitcode",
        "9",
        tests,
        "a_gpu_",
      ]),
  ],
};
/** Beside the environment of all. */
const surroundings = {
  parity: { SSD_DISTILL_TEST_DEVICE: device, NVIDIA_TF32_OVERRIDE: "0" },
};

const result = {
  ...JSON.parse(readFileSync(join(root, "build", "gpu", "kit.json"), "utf8")),
  dry,
  device: torch.gpu ?? "none",
  driver: said("nvidia-smi", ["--query-gpu=driver_version,memory.total", "--format=csv,noheader"]),
  processor: /^model name\s*: (.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? null,
  versions: {
    torch: torch.version,
    cuda: torch.cuda,
    nvcc: said("nvcc", ["--version"])?.split("\n").at(-1) ?? null,
    cmake: said("cmake", ["--version"])?.split("\n")[0] ?? null,
    node: process.version,
  },
  steps: {},
  bench: {},
};

mkdirSync(out, { recursive: true });
const left = dry ? ["sanitize"] : [];
const wanted = positionals.length > 0 ? positionals : Object.keys(steps);
for (const name of wanted) {
  if (steps[name] === undefined) fail(`expected ${Object.keys(steps).join(", ")}, got ${name}`);
}
for (const name of wanted) {
  result.steps[name] = await outcomeOf(name);
  process.stderr.write(`gpu: ${name}: ${JSON.stringify(result.steps[name])}\n`);
  writeFileSync(join(out, "result.json"), `${JSON.stringify(result, null, 1)}\n`);
}
process.exitCode = Object.values(result.steps).every(({ ok }) => ok !== false) ? 0 : 1;

async function outcomeOf(name) {
  if (left.includes(name)) return { left_out: "there is no GPU" };
  if (performance.now() > Number(values.until) * 1000) return { left_out: "no time was left" };
  const [most, commands, sparing] = steps[name];
  if (result.steps[sparing]?.ok) return { left_out: `${sparing} passed` };
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 100) / 10;
  for (const [command, ...args] of commands()) {
    const timeout = Math.max(1, most - seconds()) * 1000;
    const options = { timeout, env: { ...env, ...surroundings[name] }, maxBuffer: 2 ** 28 };
    const { ok, out: text, err } = ask(command, args, options);
    const line = [command, ...args].join(" ");
    appendFileSync(join(out, "log.txt"), `== ${line}\n${text}${err}\n`);
    if (args.includes("--json") && ok) result.bench[name] = JSON.parse(text);
    if (!ok) return { ok: false, seconds: seconds(), said: lastOf(`${text}\n${err}`), line };
    if (!args.includes("--json")) result.steps[name] = { said: lastOf(text) };
  }
  return { ok: true, seconds: seconds(), ...result.steps[name] };
}

function configure() {
  mkdirSync(join(root, "build"), { recursive: true });
  const headers = ["node-api-headers/include", "node-addon-api"].map((path) =>
    join(root, "node_modules", path),
  );
  const definitions = {
    CMAKE_BUILD_TYPE: "Release",
    CMAKE_CXX_FLAGS: "-DBUILDING_NODE_EXTENSION",
    CMAKE_JS_INC: headers.join(";"),
    CMAKE_LIBRARY_OUTPUT_DIRECTORY: join(root, "build", "Release"),
    LIBTORCH: libtorch,
    SSD_TESTS: "ON",
    SSD_CUDA: dry ? "OFF" : "ON",
    // That of this machine alone: the other architectures are compiled by npm run build:cuda-check.
    ...(dry ? {} : { CMAKE_CUDA_ARCHITECTURES: "native" }),
  };
  const flags = Object.entries(definitions).map(([name, value]) => `-D${name}=${value}`);
  return ["cmake", "-S", ".", "-B", "build", "-G", "Ninja", ...flags];
}

/** All that is compared with committed references; dry the little that takes no time. */
function parityFiles() {
  const names = dry ? ["priors"] : ["priors", "golden", "models", "trajectories"];
  return names.map((name) => `test/parity/${name}.test.ts`);
}

/** One row's command; `--seconds` so that all of them fit into the time there is. */
function bench(row, more) {
  const short = dry ? ["--seconds", "0.01", "--rounds", "1"] : ["--seconds", "1", "--rounds", "3"];
  const threads = ["--threads", `1,${Math.min(8, availableParallelism())}`];
  const all = [...short, ...threads, "--device", device, ...more, "--json"];
  return [process.execPath, "dist/cli/main.js", "bench", row, ...all];
}

function kernelStep(row) {
  return [60, () => [bench(row, dry ? ["--batch", "2"] : [])]];
}

/** Bfloat16 at batch 128, as one graph; dry a model that takes no time, in float32. */
function stepOf(model) {
  if (dry) return ["--model", "ssd128-tiny", "--batch", "8"];
  return ["--model", model, "--batch", "128", "--precision", "bf16", "--graph", "--compile"];
}

function teacherOf(model) {
  return dry ? [] : ["--teacher", model];
}

function said(command, args) {
  const { ok, out: text } = ask(command, args);
  return ok ? text.trim() : null;
}

function lastOf(text) {
  return text.trim().split("\n").slice(-6).join("\n");
}

function fail(sentence) {
  process.stderr.write(`gpu: ${sentence}\n`);
  process.exit(2);
}
