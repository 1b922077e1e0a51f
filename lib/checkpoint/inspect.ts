import { createHash } from "node:crypto";
import type { DType } from "../native-engine.js";
import { openWeights, type WeightFile } from "./weights.js";

/** What a weight file holds. */
export interface Inspection {
  format: WeightFile["format"];
  /** In the order of the file. */
  tensors: InspectedTensor[];
}

/** A tensor of a weight file; `sha256` is that of its row-major little-endian bytes, in hex. */
export interface InspectedTensor {
  name: string;
  shape: number[];
  dtype: DType;
  sha256: string;
}

/**
 * Reads a weight file of any format that {@link Detector} can start from: safetensors, `.npz`, `.pth`.
 *
 * @throws SsdError BAD_CHECKPOINT when it cannot be read, is none, or is damaged.
 */
export async function inspectWeights(file: string): Promise<Inspection> {
  const weights = await openWeights(file);
  try {
    const tensors: InspectedTensor[] = [];
    for (const entry of weights.tensors.values()) {
      const { name, shape, dtype } = entry;
      const sha256 = createHash("sha256")
        .update(await entry.read())
        .digest("hex");
      tensors.push({ name, shape: [...shape], dtype, sha256 });
    }
    return { format: weights.format, tensors };
  } finally {
    await weights.close();
  }
}
