import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readSafetensors } from "./checkpoint/safetensors.js";
import { type LoadReport, loadAll, loadTensors, readModel, saveModel } from "./checkpoint/store.js";
import type { Box } from "./data/dataset.js";
import { decodePicture, type PictureInput } from "./data/picture.js";
import { SsdError } from "./errors.js";
import { buildGraph } from "./models/build.js";
import { engine, type NativeModel } from "./native.js";
import { type Output, ops } from "./ops.js";
import { type DetectOptions, detectOptions, parseOptions, resolveDetect } from "./options.js";
import { type Preset, type PresetName, resolvePreset } from "./presets.js";
import { Tensor } from "./tensor.js";

/** One object found in a picture. */
export interface Detection {
  /** Name of its class. */
  label: string;
  /** Softmax probability, 0..1. */
  score: number;
  /** Corners in pixels of the picture. */
  box: Box;
}

const createOptions = z.strictObject({
  classes: z
    .array(z.string().min(1))
    .min(1)
    .refine((names) => new Set(names).size === names.length, "expected different names")
    .describe("foreground classes, in order"),
  seed: z.int().min(0).default(0).describe("of the start weights"),
  device: z.string().default("cpu").describe("cpu, cuda or cuda:N"),
});

/** How to create a detector. `classes` is required; seed 0 and device `cpu` by default. */
export type CreateOptions = z.input<typeof createOptions>;

const loadOptions = z.strictObject({ device: z.string().default("cpu") });

/**
 * An SSD detector: an architecture (preset), class names, and weights that live in the engine.
 *
 * @example
 * const student = Detector.create("ssd300-mobilenetv2", { classes: ["cat", "dog"] });
 */
export class Detector {
  readonly preset: Preset;
  /** Foreground class names; label `k` of a detection is `classes[k]`. */
  readonly classes: readonly string[];
  /** The engine's model. */
  readonly native: NativeModel;
  /** SHA-256 of the weights' bytes as they were loaded, when they came from a file. */
  readonly source?: { file: string; sha256?: string };
  private cachedPriors?: Tensor;

  private constructor(
    preset: Preset,
    classes: readonly string[],
    native: NativeModel,
    source?: Detector["source"],
  ) {
    this.preset = preset;
    this.classes = classes;
    this.native = native;
    this.source = source;
  }

  /**
   * A detector with fresh weights, a function of `seed` alone.
   *
   * @throws SsdError BAD_OPTION for an unknown preset or option, NO_CUDA, NO_LIBTORCH.
   */
  static create(preset: PresetName | (string & {}) | Preset, options: CreateOptions): Detector {
    const { classes, seed, device } = parseOptions(createOptions, options, "Detector.create");
    return Detector.build(resolvePreset(preset), classes, seed, device);
  }

  /**
   * A detector from a file that {@link Detector.save} or a run wrote.
   *
   * @throws SsdError BAD_CHECKPOINT when the file is damaged, cut short, or not ours.
   */
  static async load(file: string, options?: z.input<typeof loadOptions>): Promise<Detector> {
    const { device } = parseOptions(loadOptions, options, "Detector.load");
    const { preset, classes, tensors, metadata } = await readModel(file);
    const source = { file, sha256: metadata.sha256 };
    const detector = Detector.build(preset, classes, 0, "cpu", source);
    loadAll(detector.native, tensors, file);
    detector.native.to(device);
    return detector;
  }

  private static build(
    preset: Preset,
    classes: readonly string[],
    seed: number,
    device: string,
    source?: Detector["source"],
  ): Detector {
    const native = new (engine().Model)(buildGraph(preset, classes.length), seed);
    native.to(device);
    return new Detector(preset, classes, native, source);
  }

  /**
   * Writes weights, classes and preset as safetensors, atomically.
   *
   * @throws SsdError BAD_CHECKPOINT when the file cannot be written; what was there stays.
   */
  async save(file: string): Promise<void> {
    await saveModel(file, this.native, { preset: this.preset, classes: [...this.classes] });
  }

  /**
   * Loads what fits (same name, same shape) from any safetensors file, or from a folder that holds
   * exactly one, for example an ImageNet backbone.
   *
   * @returns What was loaded, missing, unexpected, and of another shape.
   * @throws SsdError BAD_CHECKPOINT when the file cannot be read or nothing of it fits.
   */
  async init(file: string): Promise<LoadReport> {
    const path = await onlySafetensors(file);
    const { tensors } = await readSafetensors(path);
    const report = loadTensors(this.native, tensors);
    if (report.loaded.length > 0) return report;
    throw new SsdError(
      "BAD_CHECKPOINT",
      `${path}: expected tensors of ${this.preset.name} (such as ${report.missing[0]}), got none that fits (such as ${report.unexpected[0]})`,
    );
  }

  /** The priors of this detector, `[P, 4]` in centre form, on the CPU. */
  get priors(): Tensor {
    this.cachedPriors ??= ops.priorBoxes(this.preset);
    return this.cachedPriors;
  }

  /** Number of trained parameters and statistics. */
  get parameters(): number {
    return Object.values(this.stateDict()).reduce(
      (sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1),
      0,
    );
  }

  get device(): string {
    return this.native.device;
  }

  /** Moves the weights to `cpu`, `cuda` or `cuda:N`. @throws SsdError NO_CUDA */
  to(device: string): this {
    this.native.to(device);
    return this;
  }

  /**
   * Raw outputs for normalised images `[B, 3, S, S]` in evaluation mode: `loc` `[B, P, 4]`, `conf`
   * `[B, P, C]`. Runs on the calling thread; {@link Detector.detect} does not.
   *
   * @throws SsdError BAD_OPTION for images of another shape or type.
   */
  forward(images: Tensor): Output {
    checkImages(images, this.preset);
    const { loc, conf } = this.native.forward(images.native);
    return { loc: new Tensor(loc), conf: new Tensor(conf) };
  }

  /** Names and tensors of the weights. The tensors are the detector's own: training changes them. */
  stateDict(): Record<string, Tensor> {
    return Object.fromEntries(
      this.native.names().map((name) => [name, new Tensor(this.native.tensor(name))]),
    );
  }

  /**
   * Finds objects in a picture: a file, encoded bytes, or decoded RGB. Heavy work runs on a native
   * thread.
   *
   * @returns Best score first; empty when nothing reaches `minScore` (default 0.5 here).
   * @throws SsdError BAD_DATA when the picture cannot be decoded.
   */
  async detect(picture: PictureInput, options?: DetectOptions): Promise<Detection[]> {
    const minScore = options?.minScore ?? 0.5;
    const parsed = parseOptions(detectOptions, { ...options, minScore }, "detect options");
    const decoded = await decodePicture(picture);
    const { size, mean, std, variances, coderClip } = this.preset;
    const found = await engine().detect(
      this.native,
      decoded,
      { size, mean, std },
      this.priors.native,
      variances,
      resolveDetect(parsed, coderClip),
    );
    return [...found.scores].map((score, i) => ({
      label: this.classes[found.labels[i]!]!,
      score,
      box: toPixels(found.boxes, i, decoded),
    }));
  }

  /** Frees the weights. Using the detector afterwards throws DISPOSED. */
  dispose(): void {
    this.native.dispose();
    this.cachedPriors?.dispose();
    this.cachedPriors = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @throws SsdError BAD_OPTION unless they are `[B, 3, S, S]` float32 for the input of the preset */
export function checkImages(images: Tensor, { size }: Preset): void {
  const { shape, dtype } = images;
  const [batch, ...rest] = shape;
  if (batch! > 0 && rest.join() === `3,${size},${size}` && dtype === "float32") return;
  throw new SsdError(
    "BAD_OPTION",
    `images: expected float32 of shape [B, 3, ${size}, ${size}], got ${dtype} of shape [${shape.join(", ")}]`,
  );
}

/** Box `i` of relative corners, in pixels. */
export function toPixels(
  boxes: Float32Array,
  i: number,
  { width, height }: { width: number; height: number },
): Box {
  const at = (k: number, side: number) => boxes[i * 4 + k]! * side;
  return [at(0, width), at(1, height), at(2, width), at(3, height)];
}

async function onlySafetensors(path: string): Promise<string> {
  const isFolder = await stat(path)
    .then((s) => s.isDirectory())
    .catch(() => false);
  if (!isFolder) return path;
  const files = (await readdir(path)).filter((name) => name.endsWith(".safetensors"));
  if (files.length === 1) return join(path, files[0]!);
  throw new SsdError(
    "BAD_CHECKPOINT",
    `${path}: expected one .safetensors file in the folder, got ${files.length}`,
  );
}
