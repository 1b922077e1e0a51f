import { describe, expect, test } from "vitest";
import { inspectWeights } from "../../../lib/checkpoint/inspect.js";
import { hasData, onRealData, realData } from "../../support/data.js";
import { digestOf, readManifest } from "../../support/weight-files.js";

// Published files, whose tensors scripts/golden/weight_files.py read with PyTorch and NumPy.

describe.skipIf(!hasData("weights"))(onRealData("weights"), () => {
  test.each(Object.entries(readManifest().real))("%s", async (name, expected) => {
    const { format, tensors } = await inspectWeights(realData(name));
    expect({ format, count: tensors.length, sha256: digestOf(tensors) }).toEqual(expected);
  });
});
