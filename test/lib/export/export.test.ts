import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSafetensors } from "../../../lib/checkpoint/safetensors.js";
import { Detector } from "../../../lib/detector.js";
import { exportDetector } from "../../../lib/export/export.js";
import type { PresetName } from "../../../lib/presets.js";
import { fieldNames } from "../../support/field.js";
import { digests, failure, smallDetector } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

const path = () => join(temporaryFolder(), "w.safetensors");
const coco = Array.from({ length: 90 }, (_, i) => `c${i}`);

describe("by torchvision's names", () => {
  test.each<[PresetName, string]>([
    ["ssd300-vgg16-torchvision", "torchvision/ssd300_vgg16"],
    ["ssdlite320-mobilenetv3-large", "torchvision/ssdlite320_mobilenet_v3_large"],
  ])("%s has all of its model's names and shapes and no other", async (preset, key) => {
    const detector = Detector.create(preset, { classes: coco });
    const file = path();
    const exported = await exportDetector(detector, file, { layout: "torchvision" });
    expect(exported.differences).toEqual([]);
    const { tensors } = await readSafetensors(file);
    const shapes = [...tensors.values()].map(({ name, shape }) => [name, shape]);
    expect(Object.fromEntries(shapes)).toEqual(fieldNames[key]);
    expect(exported.tensors).toBe(shapes.length);
  });

  test("and loaded again it is the same detector, classes and all", async () => {
    const classes = ["a", "b"];
    const detector = Detector.create("ssdlite320-mobilenetv3-large", { classes, seed: 3 });
    const file = path();
    await exportDetector(detector, file, { layout: "torchvision" });
    const back = await Detector.load(file);
    expect([back.preset, back.classes]).toEqual([detector.preset, classes]);
    expect(digests(back)).toEqual(digests(detector));
  });

  test("a detector that is fed otherwise says what differs", async () => {
    const detector = Detector.create("ssd300-vgg16", { classes: coco });
    const { differences } = await exportDetector(detector, path(), { layout: "torchvision" });
    expect(differences.map(({ option }) => option).sort()).toEqual([
      "clip",
      "coderClip",
      "mean",
      "sizes",
    ]);
    expect(differences.find(({ option }) => option === "sizes")).toMatchObject({
      ours: [30, 60, 111, 162, 213, 264, 315],
    });
  });
});

test("a layout that the architecture does not have is refused, and nothing is written", async () => {
  const file = path();
  await expect(exportDetector(smallDetector(), file, { layout: "torchvision" })).rejects.toEqual(
    failure("BAD_OPTION", "native", "for small", "torchvision"),
  );
  await expect(exportDetector(smallDetector(), file, { layout: "timm" })).rejects.toEqual(
    failure("BAD_OPTION", "timm"),
  );
  await expect(readSafetensors(file)).rejects.toEqual(failure("BAD_CHECKPOINT", file));
  await expect(
    exportDetector(smallDetector(), file, { layot: "native" } as object),
  ).rejects.toEqual(failure("BAD_OPTION", 'did you mean "layout"?'));
});
