import { describe, it } from "vitest";
import { golden } from "../support/golden.js";
import { compare } from "./compare.js";

describe("matching against the float64 reference", () => {
  for (const sample of golden.cases("matching")) {
    it(sample.name, () => compare(golden, "matching", sample));
  }
});
