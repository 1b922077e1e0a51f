import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, vi } from "vitest";
import type { StoredTensor } from "../../lib/checkpoint/safetensors.js";
import { storedTensors } from "../../lib/checkpoint/store.js";
import type { DataSource } from "../../lib/data/dataset.js";
import { between, stream } from "../../lib/data/random.js";
import { type SyntheticOptions, synthetic } from "../../lib/data/synthetic.js";
import { Detector } from "../../lib/detector.js";
import { loadEngine } from "../../lib/native.js";
import type { Target } from "../../lib/ops.js";
import type { Preset } from "../../lib/presets.js";
import { Tensor } from "../../lib/tensor.js";
import { temporaryFolder } from "./temporary.js";

// A detector small enough that a test can train it, and what to train it on.

/** Two maps on 32 pixels, BatchNorm in the backbone, none in the heads: 80 priors. */
export const small: Preset = {
  name: "small",
  backbone: { kind: "stages", channels: [4, 6, 8, 8], depth: 0 },
  head: "conv",
  size: 32,
  maps: [4, 2],
  steps: [8, 16],
  sizes: [8, 14, 24],
  ratios: [[2], [2]],
  clip: true,
  stepConvention: "fixed",
  variances: [0.1, 0.2],
  coderClip: null,
  batchNorm: { eps: 1e-5, momentum: 0.1 },
  mean: [120, 115, 105],
  std: [60, 58, 57],
};

/** Classes of the synthetic shapes. */
export const shapeClasses = ["circle", "square", "triangle"];

/** A fresh detector of the small preset, with other fields where given; it computes on one thread. */
export function smallDetector(seed = 0, preset: Partial<Preset> = {}): Detector {
  loadEngine().engine.setThreads(1);
  return Detector.create({ ...small, ...preset }, { classes: shapeClasses, seed });
}

/** Twelve synthetic pictures of 64 pixels in a folder of the test's own. */
export function shapes(options: SyntheticOptions = {}): DataSource {
  const dir = join(temporaryFolder(), "shapes");
  return synthetic("shapes", { images: 12, size: 64, dir, ...options });
}

/** Gives the test a cache of its own; the engine is found first, LibTorch may be in the real one. */
export function ownCache(): string {
  loadEngine();
  const folder = temporaryFolder();
  vi.stubEnv("SSD_DISTILL_CACHE", folder);
  return folder;
}

/** The same for a process of its own, which computes on one thread. */
export function engineEnv(): NodeJS.ProcessEnv {
  const LIBTORCH = loadEngine().libtorch.path;
  return { LIBTORCH, SSD_DISTILL_CACHE: temporaryFolder(), OMP_NUM_THREADS: "1" };
}

/** Digest of every tensor of a detector by its name: equal when equal to the bit. */
export function digests({ native }: Detector): Record<string, string> {
  return digestsOf(storedTensors(native));
}

/** The same of tensors as a file holds them. */
export function digestsOf(tensors: readonly StoredTensor[]): Record<string, string> {
  return Object.fromEntries(
    tensors.map(({ name, data }) => [
      name,
      createHash("sha256").update(data).digest("hex").slice(0, 16),
    ]),
  );
}

/** Random images for the small preset with one box each, a function of the seed. */
export function randomBatch(count: number, seed = 0): { images: Tensor; targets: Target[] } {
  const { size } = small;
  const random = stream(seed, 0);
  const pixels = Float32Array.from({ length: count * 3 * size * size }, () =>
    between(random, -1, 1),
  );
  const targets = Array.from({ length: count }, (_, i) => {
    const [x, y] = [between(random, 0, 0.5), between(random, 0, 0.5)];
    const box = [x, y, x + between(random, 0.2, 0.5), y + between(random, 0.2, 0.5)];
    return { boxes: [box], labels: [i % shapeClasses.length] };
  });
  return { images: Tensor.from(pixels, [count, 3, size, size]), targets };
}

/** Elements of a tensor as plain numbers. */
export function numbers(tensor: Tensor): number[] {
  return Array.from(tensor.toArray(), Number);
}

/** What an SsdError must look like: its code, and parts its sentence of one line must have. */
export function failure(code: string, ...parts: string[]) {
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return expect.objectContaining({
    name: "SsdError",
    code,
    message: expect.stringMatching(new RegExp(`^${escaped.map((p) => `(?=.*${p})`).join("")}.*$`)),
  });
}
