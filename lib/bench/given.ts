import { join } from "node:path";
import { writeSafetensors } from "../checkpoint/safetensors.js";
import { stored } from "../checkpoint/store.js";
import { ops } from "../ops.js";
import { presets } from "../presets.js";
import type { Tensor } from "../tensor.js";

/** The priors of SSD300 on a device: 8732. */
export function priorsOn(device: string): Tensor {
  using priors = ops.priorBoxes(presets["ssd300-vgg16"]);
  return priors.to(device);
}

/** Writes tensors where a peer can read them. @returns the file */
export async function writeGiven(
  dir: string,
  tensors: Readonly<Record<string, Tensor>>,
): Promise<string> {
  const file = join(dir, "given.safetensors");
  const copies = Object.entries(tensors).map(([name, tensor]) =>
    stored(name, tensor.to("cpu").native),
  );
  await writeSafetensors(file, copies, {});
  return file;
}
