import { describe, it } from "vitest";
import { golden } from "../support/golden.js";
import { compare } from "./compare.js";

describe("non-maximum suppression against the float64 reference", () => {
  for (const sample of golden.cases("nms")) {
    it(sample.name, () => compare(golden, "nms", sample));
  }
});
