import { beforeEach, describe, expect, test } from "vitest";
import { besideTorch, measuredRow, torchPython } from "../../support/bench.js";
import { ownCache } from "../../support/small.js";

beforeEach(() => void ownCache());

describe("row nms", () => {
  test("keeps some of the candidates of each class, and times whole outputs too", async () => {
    const { row } = await measuredRow("nms");
    expect(row).toMatchObject({ name: "nms", peer: null, candidates: 200, classes: 20 });
    const { kept } = row.came_out as Record<string, number>;
    expect(kept).toBeGreaterThan(2 * 20 * 5);
    expect(kept).toBeLessThan(2 * 20 * 150);
    expect(row.detections_ms).toBeGreaterThan(0);
    expect(row.of_floor).toBeGreaterThan(1);
  });

  test.skipIf(torchPython === undefined)(
    besideTorch("stands beside a loop over the classes, which keeps the same"),
    async () => {
      const { row } = await measuredRow("nms", { batch: 1 }, torchPython);
      expect(row).toMatchObject({ peer: "PyTorch, class by class" });
      expect(row.ratio).toBeGreaterThan(1);
    },
  );
});
