import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWeights } from "../../lib/checkpoint/weights.js";
import { Detector } from "../../lib/detector.js";
import { ops } from "../../lib/ops.js";
import type { PresetName } from "../../lib/presets.js";
import { Tensor } from "../../lib/tensor.js";
import { relativeError } from "../support/golden.js";
import { numbers } from "../support/small.js";

// The architectures against the projects they follow: their networks run here on random weights in
// float64, the engine runs on the same weights. SSD_DISTILL_PYTHON is a Python with torch,
// torchvision and safetensors.

const python = process.env.SSD_DISTILL_PYTHON ?? "python3";
const seed = Number(process.env.SSD_DISTILL_SEED ?? 1 + Math.floor(Math.random() * 1e9));
const limit = 1e-5;

/** Names of a project's tensors as the engine has them, by replacement; the rest keep theirs. */
type Renaming = readonly (readonly [RegExp, string | ((...parts: string[]) => string)])[];

const torchvisionHeads: Renaming = [
  [/^head\.regression_head\.module_list\./, "loc."],
  [/^head\.classification_head\.module_list\./, "conf."],
];

/** Convolutions of VGG in torchvision's blocks: conv5, then fc6 and fc7 inside its first extra. */
const inFirstExtra = new Map([
  ["1", 24],
  ["3", 26],
  ["5", 28],
  ["7.1", 31],
  ["7.3", 33],
]);
const ssd300: Renaming = [
  ...torchvisionHeads,
  [/^backbone\.scale_weight$/, "L2Norm.weight"],
  [/^backbone\.features\./, "vgg."],
  [/^backbone\.extra\.0\.(.*)(\..*)$/, (_, at, kind) => `vgg.${inFirstExtra.get(at!)}${kind}`],
  [
    /^backbone\.extra\.(\d)\.(\d)\./,
    (_, block, at) => `extras.${2 * (Number(block) - 1) + Number(at) / 2}.`,
  ],
];

/** torchvision cuts features 13 in two: its expansion ends the first part. */
const ssdlite320: Renaming = [
  ...torchvisionHeads,
  [/^backbone\.extra\./, "extras."],
  [/^backbone\.features\.0\.13\./, "features.13.block.0."],
  [/^backbone\.features\.0\./, "features."],
  [/^backbone\.features\.1\.0\./, "features.13.block."],
  [/^backbone\.features\.1\.(\d)\./, (_, i) => `features.${13 + Number(i)}.`],
];

const cases: [string, PresetName, Renaming][] = [
  ["ssd300_vgg16", "ssd300-vgg16-torchvision", ssd300],
  ["ssdlite320_mobilenet_v3_large", "ssdlite320-mobilenetv3-large", ssdlite320],
  ["resnet34", "ssd300-resnet34", []],
  ["resnet50", "ssd300-resnet50", []],
  ["mobilenet_v3_large", "ssd300-mobilenetv3-large", []],
  ["bubbliiiing", "ssd300-mobilenetv2-bubbliiiing", [[/^mobilenet\./, "features."]]],
];

const script = (name: string) =>
  fileURLToPath(new URL(`../../scripts/golden/${name}.py`, import.meta.url));

if (hasTorchvision()) {
  describe(`networks of other projects, SSD_DISTILL_SEED=${seed}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "ssd-distill-foreign-"));

    beforeAll(() => {
      console.info(`foreign networks: SSD_DISTILL_SEED=${seed}`);
      const args = ["--out", folder, "--seed", String(seed)];
      execFileSync(python, [script("torchvision_models"), ...args]);
    }, 300_000);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test.each(cases)("%s", { timeout: 60_000 }, async (name, preset, renaming) => {
      const { images, anchors, bbox_regression, cls_logits } = await read(
        folder,
        `${name}.outputs`,
      );
      const classes = Array.from({ length: cls_logits!.shape[2]! - 1 }, (_, i) => `class ${i}`);
      using detector = Detector.create(preset, { classes });
      await assignAll(detector, join(folder, `${name}.weights.safetensors`), renaming);

      const { loc, conf } = detector.forward(images!);
      const errors = {
        loc: relativeError(numbers(loc), numbers(bbox_regression!)),
        conf: relativeError(numbers(conf), numbers(cls_logits!)),
        priors: anchors === undefined ? 0 : priorError(detector, anchors),
      };
      for (const [what, error] of Object.entries(errors)) expect(error, what).toBeLessThan(limit);
    });
  });
} else {
  describe.skip(`networks of other projects: skipped, ${python} has no torchvision (set SSD_DISTILL_PYTHON)`, () => {
    test("give the same outputs", () => {});
  });
}

/** Of the corners, in units of the input's side. */
function priorError({ priors, preset }: Detector, anchors: Tensor): number {
  const corners = ops.decode(
    Tensor.from(new Float32Array(priors.shape[0]! * 4), priors.shape),
    priors,
  );
  const expected = numbers(anchors).map((side) => side / preset.size);
  const error = numbers(corners).map((side, i) => Math.abs(side - expected[i]!));
  expect(priors.shape).toEqual(anchors.shape);
  return error.reduce((worst, each) => Math.max(worst, each), 0);
}

async function assignAll(detector: Detector, file: string, renaming: Renaming): Promise<void> {
  const weights = await openWeights(file);
  const names = new Set(detector.native.names());
  for (const [name, entry] of weights.tensors) {
    const own = renaming.reduce((text, [pattern, to]) => text.replace(pattern, to as string), name);
    expect(names.delete(own), `${name} as ${own}`).toBe(true);
    detector.native.assign(own, await entry.read(), entry.dtype);
  }
  expect([...names]).toEqual([]);
  await weights.close();
}

async function read(folder: string, name: string): Promise<Record<string, Tensor | undefined>> {
  const file = await openWeights(join(folder, `${name}.safetensors`));
  const tensors: Record<string, Tensor> = {};
  for (const [key, { dtype, shape, read: bytes }] of file.tensors) {
    const { buffer } = new Uint8Array(await bytes());
    const data = dtype === "float64" ? new Float64Array(buffer) : new Float32Array(buffer);
    tensors[key] = Tensor.from(data, [...shape]);
  }
  await file.close();
  return tensors;
}

function hasTorchvision(): boolean {
  try {
    execFileSync(python, [script("torchvision_import")], { stdio: "ignore" });
    execFileSync(python, ["-c", "import safetensors"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
