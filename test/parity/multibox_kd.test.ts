import { describe, it } from "vitest";
import { golden } from "../support/golden.js";
import { compare } from "./compare.js";

describe("MultiBoxLossKD against the float64 reference", () => {
  for (const sample of golden.cases("multibox_kd")) {
    it(sample.name, () => compare(golden, "multibox_kd", sample));
  }
});
