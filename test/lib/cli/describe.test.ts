import { expect, test } from "vitest";
import type { LoadReport } from "../../../lib/checkpoint/init.js";
import { describeLoad, describeSource } from "../../../lib/cli/describe.js";

const report: LoadReport = {
  file: "vgg.pth",
  format: "pth",
  layout: "ssd.pytorch",
  wrapper: "state_dict.",
  loaded: ["vgg.0.weight", "vgg.0.bias", "loc.0.weight"],
  missing: ["L2Norm.weight"],
  mismatched: [
    { name: "conf.0.weight", expected: [16, 512, 3, 3], got: [84, 512, 3, 3] },
    { name: "conf.0.bias", expected: [16], got: [84] },
  ],
  unexpected: ["a", "b", "c", "d"],
  sha256: "",
};

test("a load is a table by the parts of the model, each skip with its reason", () => {
  expect(describeLoad(report)).toEqual([
    "vgg.pth: pth, names of ssd.pytorch under state_dict",
    "  part     loaded  skipped  missing",
    "  vgg           2        0        0",
    "  loc           1        0        0",
    "  L2Norm        0        0        1",
    "  conf          0        2        0  conf.0.weight: expected [16,512,3,3], got [84,512,3,3]",
    "  4 tensors of the file have no place in the model (a, b, c, …)",
  ]);
});

test("nothing is said of what is not there", () => {
  const whole = { ...report, wrapper: "", unexpected: [], mismatched: [], missing: [] };
  const lines = describeLoad(whole);
  expect(lines[0]).toBe("vgg.pth: pth, names of ssd.pytorch");
  expect(lines).toHaveLength(4);
});

test("a file is told by its format and whose names it has", () => {
  expect(describeSource(report)).toBe("vgg.pth: pth, names of ssd.pytorch");
  expect(describeSource({ ...report, layout: "native" })).toBe("vgg.pth: pth, our own names");
});
