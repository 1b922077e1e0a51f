import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nameIn, wrapperOf } from "../../../../lib/checkpoint/layouts/layout.js";

describe("a name in a layout", () => {
  const names = { vgg: "features", "vgg.24": "extra.0", L2Norm: "", loc: "head.loc" };

  test.each([
    ["vgg.2.weight", "features.2.weight"],
    ["vgg.24.weight", "extra.0.weight"],
    // A component is whole: 240 is not 24.
    ["vgg.240.weight", "features.240.weight"],
    ["L2Norm.weight", "weight"],
    ["loc", "head.loc"],
    ["location.weight", undefined],
    ["conf.0.weight", undefined],
  ])("%s is %s", (ours, theirs) => {
    expect(nameIn({ names }, ours)).toBe(theirs);
  });

  test("the empty prefix takes what no other does, and takes nothing away", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z0-9]{1,4}$/), { minLength: 1 }), (parts) => {
        const ours = parts.join(".");
        expect(nameIn({ names: { "": "" } }, ours)).toBe(ours);
        expect(nameIn({ names: { "": "net" } }, ours)).toBe(`net.${ours}`);
        const replaced = nameIn({ names: { "": "", [parts[0]!]: "x.y" } }, ours);
        expect(replaced).toBe(["x.y", ...parts.slice(1)].join("."));
      }),
    );
  });
});

describe("what stands before the names of a file", () => {
  const keys = (...names: string[]) => new Map(names.map((name) => [name, 0]));

  test("is nothing, or whole components that all of the signature have", () => {
    const signature = ["a.weight", "b.weight"];
    expect(wrapperOf(signature, keys("a.weight", "b.weight"))).toBe("");
    expect(wrapperOf(signature, keys("x", "model.a.weight", "model.b.weight"))).toBe("model.");
    expect(wrapperOf(signature, keys("state_dict.module.a.weight"))).toBeUndefined();
    expect(wrapperOf(signature, keys("xa.weight", "xb.weight"))).toBeUndefined();
  });

  test("is the first that has the whole signature", () => {
    const file = keys("ema.a", "net.a", "net.b", "last.a", "last.b");
    expect(wrapperOf(["a", "b"], file)).toBe("net.");
  });
});
