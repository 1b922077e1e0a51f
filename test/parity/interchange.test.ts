import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWeights } from "../../lib/checkpoint/weights.js";
import { Detector, type SaveOptions } from "../../lib/detector.js";
import { ops } from "../../lib/ops.js";
import { type PresetName, presets } from "../../lib/presets.js";
import { Tensor } from "../../lib/tensor.js";
import { relativeError } from "../support/golden.js";
import { pythonWith } from "../support/python.js";
import { numbers } from "../support/small.js";

// The weights of other projects, both ways: their networks run here in float64 on random weights, which
// the engine reads from PyTorch's own file, runs, and writes under their names; PyTorch loads that with
// strict=True. SSD_DISTILL_PYTHON is a Python with torch, torchvision and safetensors.

const python = pythonWith("torch, safetensors");
const seed = Number(process.env.SSD_DISTILL_SEED ?? 1 + Math.floor(Math.random() * 1e9));
const limit = 1e-5;

interface Case {
  name: string;
  preset: PresetName;
  layout: SaveOptions["layout"];
}

const cases: Case[] = [
  {
    name: "ssd_pytorch",
    preset: "ssd300-vgg16",
    layout: "ssd.pytorch",
  },
  {
    name: "ssd300_vgg16",
    preset: "ssd300-vgg16-torchvision",
    layout: "torchvision",
  },
  {
    name: "ssdlite320_mobilenet_v3_large",
    preset: "ssdlite320-mobilenetv3-large",
    layout: "torchvision",
  },
  {
    name: "bubbliiiing",
    preset: "ssd300-mobilenetv2-bubbliiiing",
    layout: "bubbliiiing",
  },
];

const script = (name: string) =>
  fileURLToPath(new URL(`../../scripts/golden/${name}.py`, import.meta.url));

if (python !== undefined && hasTorchvision(python)) {
  describe(`weights of other projects, SSD_DISTILL_SEED=${seed}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "ssd-distill-interchange-"));
    const interchange = (...args: string[]) => {
      const words = [script("interchange"), "--presets", join(folder, "presets.json"), ...args];
      return execFileSync(python, words, { encoding: "utf8" });
    };

    beforeAll(() => {
      console.info(`interchange: SSD_DISTILL_SEED=${seed}`);
      writeFileSync(join(folder, "presets.json"), JSON.stringify(presets));
      interchange("--out", folder, "--seed", String(seed));
    }, 300_000);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test.each(cases)("$name", { timeout: 120_000 }, async ({ name, preset, layout }) => {
      const { images, anchors, bbox_regression, cls_logits } = await outputsOf(folder, name);
      using detector = await Detector.load(join(folder, `${name}.pth`));
      expect(detector.preset.name).toBe(preset);
      expect(detector.classes).toHaveLength(cls_logits!.shape[2]! - 1);

      const { loc, conf } = detector.forward(images!);
      const errors = {
        loc: relativeError(numbers(loc), numbers(bbox_regression!)),
        conf: relativeError(numbers(conf), numbers(cls_logits!)),
        priors: anchors === undefined ? 0 : priorError(detector, anchors),
      };
      console.info(`interchange ${name}:`, errors);
      for (const [what, error] of Object.entries(errors)) expect(error, what).toBeLessThan(limit);

      const exported = join(folder, `${name}.exported.safetensors`);
      await detector.save(exported, { layout });
      const said = interchange("--check", folder);
      const { length } = detector.native.names();
      expect(said).toBe(`${name}: ${length} tensors, strict, equal\n`);
      rmSync(exported);
    });
  });
} else {
  describe.skip("weights of other projects: skipped, no Python with torch, torchvision and safetensors (set SSD_DISTILL_PYTHON)", () => {
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

/** torchvision's own operators need not fit this torch: torchvision_import makes up for them. */
function hasTorchvision(python: string): boolean {
  return spawnSync(python, [script("torchvision_import")], { stdio: "ignore" }).status === 0;
}
