import { describe, it } from "vitest";
import { golden } from "../support/golden.js";
import { compare, type Domain } from "./compare.js";

/** Tests of every case of a domain. A folder of references that was made for others has none. */
export function holdDomain(domain: Domain): void {
  const cases = golden.manifest.cases[domain] ?? [];
  describe.skipIf(cases.length === 0)(`${domain} against float64`, () => {
    for (const sample of cases) it(sample.name, () => compare(golden, domain, sample), 600_000);
    if (cases.length === 0) it("is not among these references", () => {});
  });
}
