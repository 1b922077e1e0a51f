import { beforeEach, describe, expect, test } from "vitest";
import { besideTorch, measuredRow, torchPython } from "../../support/bench.js";
import { ownCache } from "../../support/small.js";

beforeEach(() => void ownCache());

describe("row kd", () => {
  test("has a time, a floor, and what came out", async () => {
    const { row } = await measuredRow("kd");
    expect(row).toMatchObject({ name: "kd", peer: null, batch: 2, priors: 8732, classes: 21 });
    expect(row.of_floor).toBeGreaterThan(1);
    expect(row.targets_ms).toBeGreaterThan(0);
    const numbers = row.came_out as Record<string, number>;
    for (const name of ["conf", "loc", "soft", "l2", "gradLoc", "gradConf"]) {
      expect(numbers[name], name).toBeGreaterThan(0);
    }
  });

  test.skipIf(torchPython === undefined)(
    besideTorch("stands beside PyTorch, whose terms and gradients agree"),
    async () => {
      const { row } = await measuredRow("kd", {}, torchPython);
      expect(row).toMatchObject({ peer: "PyTorch" });
      expect(row.ratio).toBeGreaterThan(0);
    },
  );
});
