import { beforeEach, describe, expect, test } from "vitest";
import { besideTorch, measuredRow, torchPython } from "../../support/bench.js";
import { failure, ownCache } from "../../support/small.js";

// Its maps end at one cell, where a BatchNorm of few numbers would make no statistics.
const few = { model: "ssd128-tiny", batch: 8 };

beforeEach(() => void ownCache());

describe.each(["step", "step-kd"])("row %s", (name) => {
  const taught = name === "step-kd";

  test("has a time, a floor, and the loss of the first step", async () => {
    const { row } = await measuredRow(name, few);
    expect(row).toMatchObject({ name, peer: null, batch: 8, model: "ssd128-tiny" });
    expect(row).toMatchObject({ precision: "fp32", teacher: taught ? "ssd128-tiny" : null });
    expect(row.of_floor).toBeGreaterThan(1);
    const numbers = row.came_out as Record<string, number>;
    expect(Object.keys(numbers).includes("soft")).toBe(taught);
    expect(numbers.total).toBeGreaterThan(0);
  });

  test.skipIf(torchPython === undefined)(
    besideTorch("stands beside the best of PyTorch's settings, whose loss agrees"),
    async () => {
      const { row, result } = await measuredRow(name, few, torchPython);
      expect(row.peer).toMatch(/^PyTorch eager, (fp32|bf16) N(CHW|HWC)$/);
      expect(row.ratio).toBeGreaterThan(0);
      expect(result.versions.trial).toContain("fp32 NHWC");
    },
  );
});

test("a teacher that does not fit, and a model there is none of, are refused", async () => {
  const other = { ...few, teacher: "ssd300-mobilenetv2" };
  await expect(measuredRow("step-kd", other)).rejects.toEqual(failure("BAD_OPTION", "input size"));
  await expect(measuredRow("step", { model: "ssd128-tinny" })).rejects.toEqual(
    failure("BAD_OPTION", "ssd128-tiny"),
  );
});
