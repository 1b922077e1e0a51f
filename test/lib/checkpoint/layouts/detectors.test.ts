import { describe, expect, test } from "vitest";
import { plan } from "../../../../lib/checkpoint/fill.js";
import { entriesOf } from "../../../../lib/checkpoint/layouts/choose.js";
import { detectorLayouts } from "../../../../lib/checkpoint/layouts/detectors.js";
import { nameIn, wrapperOf } from "../../../../lib/checkpoint/layouts/layout.js";
import { recognise } from "../../../../lib/checkpoint/recognise.js";
import { fakeWeights, fieldNames, sharedModel } from "../../../support/field.js";

describe.each(
  detectorLayouts.map((layout) => [`${layout.family} ${layout.preset.name}`, layout] as const),
)("%s", (_name, layout) => {
  const model = sharedModel(layout.preset, 3);
  const names = model.names();
  const theirs = names.map((name) => nameIn(layout, name));

  test("has a name of its own for each tensor", () => {
    expect(theirs).not.toContain(undefined);
    expect(new Set(theirs).size).toBe(names.length);
  });

  test("is recognised by names it has", () => {
    const file = new Set(theirs as string[]);
    expect(wrapperOf(layout.signature, file)).toBe("");
  });
});

// 91 classes with the background: the shapes of the files that torchvision publishes.
describe.each([
  ["torchvision/ssd300_vgg16", "ssd300-vgg16-torchvision", 71],
  ["torchvision/ssdlite320_mobilenet_v3_large", "ssdlite320-mobilenetv3-large", 476],
])("%s", (key, preset, count) => {
  test.each(["", "module.", "model.state_dict."])("fits whole, under '%s'", (wrapper) => {
    const weights = fakeWeights(fieldNames[key]!, { wrapper });
    const { about, view } = recognise(weights, {});
    expect([about.preset.name, view.layout.family, view.wrapper]).toEqual([
      preset,
      "torchvision",
      wrapper,
    ]);
    expect([about.classes.length, about.classes[0]]).toEqual([90, "person"]);
    const model = sharedModel(about.preset, 90);
    const entries = entriesOf(view, model);
    const { loaded, missing, mismatched } = plan(model, entries);
    expect([missing, mismatched]).toEqual([[], []]);
    expect(loaded).toHaveLength(count);
    const used = new Set([...entries.values()].map(({ name }) => name));
    expect([...weights.tensors.keys()].filter((name) => !used.has(name))).toEqual([]);
  });
});
