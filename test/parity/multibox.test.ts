import { describe, it } from "vitest";
import { golden } from "../support/golden.js";
import { compare } from "./compare.js";

describe("MultiBoxLoss against the float64 reference", () => {
  for (const sample of golden.cases("multibox")) {
    it(sample.name, () => compare(golden, "multibox", sample));
  }
});
