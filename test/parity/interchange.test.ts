import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWeights } from "../../lib/checkpoint/weights.js";
import { Detector, type LoadOptions, type SaveOptions } from "../../lib/detector.js";
import { ops } from "../../lib/ops.js";
import type { PresetName } from "../../lib/presets.js";
import { Tensor } from "../../lib/tensor.js";
import { relativeError } from "../support/golden.js";
import { numbers } from "../support/small.js";

// The weights of other projects, both ways: their networks run here in float64 on random weights, which
// the engine reads from PyTorch's own file, runs, and writes under their names; PyTorch loads that with
// strict=True. SSD_DISTILL_PYTHON is a Python with torch, torchvision and safetensors.

const python = process.env.SSD_DISTILL_PYTHON ?? "python3";
const seed = Number(process.env.SSD_DISTILL_SEED ?? 1 + Math.floor(Math.random() * 1e9));
const limit = 1e-5;

interface Case {
  name: string;
  /** What the file does not say. */
  load: LoadOptions;
  preset: PresetName;
  layout: SaveOptions["layout"];
}

const cases: Case[] = [
  {
    name: "ssd_pytorch",
    load: {},
    preset: "ssd300-vgg16",
    layout: "ssd.pytorch",
  },
  {
    name: "ssd300_vgg16",
    load: {},
    preset: "ssd300-vgg16-torchvision",
    layout: "torchvision",
  },
  {
    name: "ssdlite320_mobilenet_v3_large",
    load: {},
    preset: "ssdlite320-mobilenetv3-large",
    layout: "torchvision",
  },
  {
    name: "bubbliiiing",
    load: {},
    preset: "ssd300-mobilenetv2-bubbliiiing",
    layout: "bubbliiiing",
  },
  ...(["ssd300-resnet34", "ssd300-resnet50", "ssd300-mobilenetv3-large"] as const).map(
    (preset, i): Case => ({
      name: ["resnet34", "resnet50", "mobilenet_v3_large"][i]!,
      load: { preset },
      preset,
      layout: "native",
    }),
  ),
];

const script = (name: string) =>
  fileURLToPath(new URL(`../../scripts/golden/${name}.py`, import.meta.url));

if (hasTorchvision()) {
  describe(`weights of other projects, SSD_DISTILL_SEED=${seed}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "ssd-distill-foreign-"));

    beforeAll(() => {
      console.info(`interchange: SSD_DISTILL_SEED=${seed}`);
      const args = ["--out", folder, "--seed", String(seed)];
      execFileSync(python, [script("interchange"), ...args]);
    }, 300_000);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test.each(cases)("$name", { timeout: 120_000 }, async ({ name, load, ...expected }) => {
      const { images, anchors, bbox_regression, cls_logits } = await outputsOf(folder, name);
      using detector = await Detector.load(join(folder, `${name}.pth`), load);
      expect(detector.preset.name).toBe(expected.preset);
      expect(detector.classes).toHaveLength(cls_logits!.shape[2]! - 1);

      const { loc, conf } = detector.forward(images!);
      const errors = {
        loc: relativeError(numbers(loc), numbers(bbox_regression!)),
        conf: relativeError(numbers(conf), numbers(cls_logits!)),
        priors: anchors === undefined ? 0 : priorError(detector, anchors),
      };
      for (const [what, error] of Object.entries(errors)) expect(error, what).toBeLessThan(limit);

      const exported = join(folder, `${name}.exported.safetensors`);
      const { layout } = expected;
      await detector.save(exported, { layout });
      const said = execFileSync(python, [script("interchange"), "--check", folder]).toString();
      const { length } = detector.native.names();
      expect(said).toBe(`${name}: ${length} tensors, strict, equal\n`);
      rmSync(exported);
    });
  });
} else {
  describe.skip(`weights of other projects: skipped, ${python} has no torchvision (set SSD_DISTILL_PYTHON)`, () => {
    test("give the same outputs, and go back", () => {});
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

async function outputsOf(
  folder: string,
  name: string,
): Promise<Record<string, Tensor | undefined>> {
  const file = await openWeights(join(folder, `${name}.outputs.safetensors`));
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
