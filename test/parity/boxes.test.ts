import { describe, it } from "vitest";
import { golden } from "../support/golden.js";
import { compare } from "./compare.js";

describe("jaccard, encode and decode against the float64 reference", () => {
  for (const sample of golden.cases("boxes")) {
    it(sample.name, () => compare(golden, "boxes", sample));
  }
});
