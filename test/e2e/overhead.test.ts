import { expect, test } from "vitest";
import { node } from "../support/cli.js";
import { engineEnv } from "../support/small.js";

// Generous bounds: other work shares the machine. What a quiet one shows stands in the README.

test("JavaScript adds little to a step, and in 10,000 steps and 200 runs nothing grows", () => {
  const { code, out, err } = node(["scripts/bench/overhead.mjs", "10000", "200"], engineEnv());
  expect([code, err]).toEqual([0, ""]);
  const { js_ms, extra_ms, rss_mb, threads } = JSON.parse(out);
  expect(js_ms.median).toBeGreaterThan(0);
  expect(js_ms.median).toBeLessThan(1);
  expect(extra_ms.median).toBeLessThan(2);
  expect(rss_mb.end).toBeLessThan(rss_mb.early * 1.1 + 10);
  expect(threads.end).toBeLessThanOrEqual(threads.early);
}, 300_000);
