import { expect, test } from "vitest";
import { packSentence } from "../../../lib/data/pack-events.js";

test("what is no count is a sentence", () => {
  const space = { kind: "space", pictures: 5011, bytes: 2.8187e9, free: 79e9 } as const;
  expect(packSentence(space)).toBe("5,011 pictures, 2.82 GB decoded, 79 GB free");
  expect(packSentence({ kind: "wait", file: "/c/x.part" })).toBe(
    "Waiting for another process that packs the same pictures (/c/x.part)",
  );
  expect(packSentence({ kind: "feed", reason: "the disk is short" })).toBe(
    "Decoding on the fly: the disk is short",
  );
  for (const kind of ["pack", "verify"] as const) {
    expect(packSentence({ kind, done: 1, total: 2 })).toBeUndefined();
  }
});
