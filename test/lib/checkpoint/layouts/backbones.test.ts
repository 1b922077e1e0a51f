import { describe, expect, test } from "vitest";
import { plan } from "../../../../lib/checkpoint/fill.js";
import { backboneLayouts } from "../../../../lib/checkpoint/layouts/backbones.js";
import { entriesOf } from "../../../../lib/checkpoint/layouts/choose.js";
import { type PresetName, presets } from "../../../../lib/presets.js";
import { fakeWeights, fieldNames, sharedModel } from "../../../support/field.js";

// Every tensor of a backbone has its place: what is left over in the file is the classifier's, what
// is left over in the model is the detector's.

const cases: [file: string, family: string, preset: PresetName, own: RegExp, left: RegExp][] = [
  ["torchvision/vgg16", "torchvision", "ssd300-vgg16", /^vgg\./, /^classifier\.6\./],
  ["timm/vgg16", "timm", "ssd300-vgg16", /^vgg\./, /^head\.fc\./],
  ["torchvision/mobilenet_v2", "torchvision", "ssd300-mobilenetv2", /^features\./, /^classifier\./],
  ["timm/mobilenetv2_100", "timm", "ssd300-mobilenetv2", /^features\./, /^classifier\./],
  [
    "torchvision/mobilenet_v3_large",
    "torchvision",
    "ssd300-mobilenetv3-large",
    /^features\./,
    /^classifier\./,
  ],
  [
    "timm/mobilenetv3_large_100",
    "timm",
    "ssd300-mobilenetv3-large",
    /^features\./,
    /^(classifier|conv_head)\./,
  ],
  ["torchvision/resnet34", "torchvision", "ssd300-resnet34", /^resnet\./, /^(fc|layer4)\./],
  ["timm/resnet34", "torchvision", "ssd300-resnet34", /^resnet\./, /^(fc|layer4)\./],
  ["torchvision/resnet50", "torchvision", "ssd300-resnet50", /^resnet\./, /^(fc|layer4)\./],
  ["timm/resnet50", "torchvision", "ssd300-resnet50", /^resnet\./, /^(fc|layer4)\./],
];

test.each(cases)("%s, %s, for %s", (key, family, name, own, left) => {
  const preset = presets[name];
  const layout = backboneLayouts.find(
    (entry) => entry.family === family && entry.backbone === preset.backbone.kind,
  )!;
  const weights = fakeWeights(fieldNames[key]!);
  const model = sharedModel(preset, 3);
  const entries = entriesOf({ weights, layout, wrapper: "" }, model);
  const { loaded, missing, mismatched } = plan(model, entries);
  expect(mismatched).toEqual([]);
  expect(loaded).toEqual(model.names().filter((tensor) => own.test(tensor)));
  expect(missing.filter((tensor) => own.test(tensor))).toEqual([]);
  const used = new Set([...entries.values()].map((entry) => entry.name));
  const unused = [...weights.tensors.keys()].filter((tensor) => !used.has(tensor));
  expect(unused.filter((tensor) => !left.test(tensor))).toEqual([]);
  expect(unused.length).toBeGreaterThan(0);
});

describe("VGG16's fully connected layers", () => {
  test("are thinned out to the shapes of conv6 and conv7", () => {
    const weights = fakeWeights(fieldNames["torchvision/vgg16"]!);
    const layout = backboneLayouts[0]!;
    const model = sharedModel(presets["ssd300-vgg16"], 3);
    const entries = entriesOf({ weights, layout, wrapper: "" }, model);
    expect(weights.tensors.get("classifier.0.weight")!.shape).toEqual([4096, 25088]);
    expect(entries.get("vgg.31.weight")!.shape).toEqual([1024, 512, 3, 3]);
    expect(entries.get("vgg.33.weight")!.shape).toEqual([1024, 1024, 1, 1]);
    expect(entries.get("vgg.33.bias")!.shape).toEqual([1024]);
  });

  test("are taken as they are from a file that has them thinned out", () => {
    const shapes = { "0.weight": [64, 3, 3, 3], "31.weight": [1024, 512, 3, 3], "33.bias": [1024] };
    const layout = backboneLayouts.find(({ family }) => family === "reduced-fc")!;
    const model = sharedModel(presets["ssd300-vgg16"], 3);
    const weights = fakeWeights(shapes);
    const { loaded } = plan(model, entriesOf({ weights, layout, wrapper: "" }, model));
    expect(loaded).toEqual(["vgg.0.weight", "vgg.31.weight", "vgg.33.bias"]);
  });
});
