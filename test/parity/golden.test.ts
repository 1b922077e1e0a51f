import { describe, expect, it } from "vitest";
import { presets } from "../../lib/index.js";
import { golden } from "../support/golden.js";
import { domainNames, heavy } from "./compare.js";
import { holdDomain } from "./hold.js";

for (const domain of domainNames) if (!heavy.includes(domain)) holdDomain(domain);

describe("the references", () => {
  it("are of today's presets (npm run golden)", () => {
    expect(golden.manifest.presets).toEqual(JSON.parse(JSON.stringify(presets)));
  });

  it.skipIf(process.env.SSD_DISTILL_GOLDEN)("hold cases of every domain", () => {
    expect(Object.keys(golden.manifest.cases)).toEqual(domainNames);
  });
});
