import { beforeEach, describe, expect, test } from "vitest";
import { matchWork } from "../../../lib/bench/match.js";
import { besideTorch, measuredRow, torchPython } from "../../support/bench.js";
import { ownCache } from "../../support/small.js";

beforeEach(() => void ownCache());

describe("row match", () => {
  test("has a time, a floor, and what the targets' conversion takes of it", async () => {
    const { row } = await measuredRow("match");
    expect(row).toMatchObject({ name: "match", peer: null, batch: 2, priors: 8732 });
    expect(row.ours_ms).toBeGreaterThan(row.targets_ms as number);
    expect(row.of_floor).toBeGreaterThan(1);
    const { positives, classes } = row.came_out as Record<string, number>;
    expect(positives).toBeGreaterThanOrEqual((row.truths as number) - 1);
    expect(classes).toBeGreaterThan(positives!);
  });

  test.skipIf(torchPython === undefined)(
    besideTorch("stands beside the loop over pictures and a batched version, which agree"),
    async () => {
      const { row, result } = await measuredRow("match", {}, torchPython);
      const names = (row.peers as { name: string }[]).map(({ name }) => name);
      expect(names).toEqual(["PyTorch, picture by picture", "PyTorch, batched"]);
      expect(row.peer).toBe(names[0]);
      expect(row.ratio).toBeGreaterThan(0);
      expect(result.versions).toHaveProperty("torch");
    },
  );
});

test("work counts what comes out, and an IoU for each pair", () => {
  expect(matchWork(2, 100, 5)).toEqual({ bytes: 4000, flops: 5 * 100 * 14 });
});
