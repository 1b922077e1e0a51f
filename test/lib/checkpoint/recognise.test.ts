import { describe, expect, test } from "vitest";
import { layoutOf } from "../../../lib/checkpoint/layouts/choose.js";
import { nameIn } from "../../../lib/checkpoint/layouts/layout.js";
import { recognise } from "../../../lib/checkpoint/recognise.js";
import { type Preset, presets } from "../../../lib/presets.js";
import { fakeWeights, sharedModel } from "../../support/field.js";
import { failure, shapeClasses, small } from "../../support/small.js";

/** Names and shapes of a preset's tensors in a layout. */
function shapesOf(preset: Preset, foreground: number, family: "native" | "bubbliiiing" = "native") {
  const model = sharedModel(preset, foreground);
  const layout = layoutOf(family, preset);
  return Object.fromEntries(
    model.names().map((name) => [nameIn(layout, name)!, model.tensor(name).shape]),
  );
}

const vgg16 = presets["ssd300-vgg16"];

describe("a file that describes itself", () => {
  const about = { format: 1, preset: small, classes: shapeClasses };
  const metadata = { "ssd-distill": JSON.stringify(about) };

  test("is what it says", () => {
    const { about, view } = recognise(fakeWeights({}, { metadata }), {});
    expect(about).toEqual({ preset: expect.objectContaining(small), classes: shapeClasses });
    expect([view.layout.family, view.wrapper]).toEqual(["native", ""]);
  });

  test.each([
    [{ preset: "ssd300-vgg16" }, ["preset", "ssd300-vgg16", "small"]],
    [{ classes: ["a"] }, ["classes", "(a)", "circle,square,triangle"]],
    [{ layout: "torchvision" as const }, ["layout", "torchvision", "native"]],
  ])("and asking for something else, %o, is one sentence with both", (choices, parts) => {
    expect(() => recognise(fakeWeights({}, { metadata }), choices)).toThrow(
      failure("BAD_CHECKPOINT", "fake.pth", ...parts),
    );
  });
});

describe("a file of names and shapes", () => {
  test("VGG16 of 21 classes is ssd.pytorch's with VOC's names, whatever stands before", () => {
    for (const wrapper of ["", "module.", "state_dict."]) {
      const { about, view } = recognise(fakeWeights(shapesOf(vgg16, 20), { wrapper }), {});
      expect(about.preset).toEqual(vgg16);
      expect([about.classes.length, about.classes[6]]).toEqual([20, "car"]);
      expect([view.layout.family, view.wrapper]).toEqual(["ssd.pytorch", wrapper]);
    }
  });

  test("asked for as bubbliiiing's, the same file has its input and priors", () => {
    const { about } = recognise(fakeWeights(shapesOf(vgg16, 20)), { layout: "bubbliiiing" });
    expect(about.preset).toEqual({
      ...vgg16,
      mean: [104, 117, 123],
      stepConvention: "imageOverMap",
      clip: "corners",
    });
  });

  test("VGG13 is not VGG16, and bubbliiiing's MobileNetV2 is known by its body", () => {
    const named = (preset: Preset, family?: "bubbliiiing") =>
      recognise(fakeWeights(shapesOf(preset, 2, family)), {}).about.preset.name;
    expect(named(presets["ssd300-vgg13"])).toBe("ssd300-vgg13");
    const mobile = presets["ssd300-mobilenetv2-bubbliiiing"];
    expect(named(mobile, "bubbliiiing")).toBe(mobile.name);
  });

  test("our own names need the preset, and classes may be named", () => {
    const weights = fakeWeights(shapesOf(presets["ssd300-mobilenetv2"], 2));
    expect(() => recognise(weights, {})).toThrow(failure("BAD_CHECKPOINT", "init()"));
    const asked = { preset: "ssd300-mobilenetv2", classes: ["cat", "dog"] };
    const { about, view } = recognise(weights, asked);
    expect([about.preset.name, about.classes]).toEqual(["ssd300-mobilenetv2", ["cat", "dog"]]);
    expect(view.layout.family).toBe("native");
  });

  test("a wrong number of classes, or rows that are no number of classes", () => {
    const shapes = shapesOf(vgg16, 20);
    expect(() => recognise(fakeWeights(shapes), { classes: ["cat"] })).toThrow(
      failure("BAD_CHECKPOINT", "the 1 classes asked for, got 20"),
    );
    shapes["conf.0.weight"] = [85, 512, 3, 3];
    expect(() => recognise(fakeWeights(shapes), {})).toThrow(
      failure("BAD_CHECKPOINT", "conf.0.weight", "4 priors", "got 85 rows"),
    );
  });

  test("what is no detector is one sentence that says what it holds", () => {
    expect(() => recognise(fakeWeights({ "fc.weight": [3] }), {})).toThrow(
      failure("BAD_CHECKPOINT", "1 tensors", "fc.weight", "ssd.pytorch, bubbliiiing, torchvision"),
    );
    expect(() => recognise(fakeWeights({}), {})).toThrow(failure("BAD_CHECKPOINT", "0 tensors"));
  });
});
