import { z } from "zod";
import { fillAll } from "./checkpoint/fill.js";
import { initFrom, type LoadReport } from "./checkpoint/init.js";
import { entriesOf } from "./checkpoint/layouts/choose.js";
import { type LayoutFamily, layoutFamilies } from "./checkpoint/layouts/layout.js";
import { recognise } from "./checkpoint/recognise.js";
import { saveModel } from "./checkpoint/store.js";
import { openWeights, type WeightFile } from "./checkpoint/weights.js";
import type { Box } from "./data/dataset.js";
import { decodePicture, type PictureInput } from "./data/picture.js";
import { SsdError } from "./errors.js";
import { buildGraph } from "./models/build.js";
import { engine } from "./native.js";
import type { NativeModel } from "./native-engine.js";
import { type Output, ops } from "./ops.js";
import { type DetectOptions, detectOptions, parseOptions, resolveDetect } from "./options.js";
import { type Preset, type PresetName, presetSchema, resolvePreset } from "./presets.js";
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

const classNames = z
  .array(z.string().min(1))
  .min(1)
  .refine((names) => new Set(names).size === names.length, "expected different names")
  .describe("foreground classes, in order");
const layout = z.enum(layoutFamilies).describe("how the tensors of the file are named");

const createOptions = z.strictObject({
  classes: classNames,
  seed: z.int().min(0).default(0).describe("of the start weights"),
  device: z.string().default("cpu").describe("cpu, cuda or cuda:N"),
});

/** How to create a detector. `classes` is required; seed 0 and device `cpu` by default. */
export type CreateOptions = z.input<typeof createOptions>;

const loadOptions = z.strictObject({
  device: z.string().default("cpu").describe("cpu, cuda or cuda:N"),
  preset: z.union([z.string(), presetSchema]).optional().describe("architecture"),
  classes: classNames.optional(),
  layout: layout.optional(),
});

/** How to load a detector; all but `device` only matter to files that do not describe themselves. */
export type LoadOptions = z.input<typeof loadOptions>;

const saveOptions = z.strictObject({ layout: layout.default("native") });

/** How to save a detector: by our own names, or by those of another code base. */
export type SaveOptions = z.input<typeof saveOptions>;

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
  /** Where the weights came from, when they came from a file: SHA-256 of the bytes, whose names they had. */
  readonly source?: {
    file: string;
    sha256: string;
    format: WeightFile["format"];
    layout: LayoutFamily;
  };
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
   * A detector from a file that {@link Detector.save} or a run wrote, or from the weights of another
   * code base: safetensors, PyTorch's `.pth` (read without running anything in it) or `.npz`, laid out
   * like ssd.pytorch, bubbliiiing/ssd-pytorch or torchvision. Such files hold no class names and may
   * leave the input convention open: VGG16's names are the same in ssd.pytorch (taken) and bubbliiiing
   * (say `layout: "bubbliiiing"`). Classes default to VOC's for 20, COCO's for 80 or 90.
   *
   * @throws SsdError BAD_CHECKPOINT when the file is damaged, cut short, or no detector.
   */
  static async load(file: string, options?: LoadOptions): Promise<Detector> {
    const { device, ...choices } = parseOptions(loadOptions, options, "Detector.load");
    const weights = await openWeights(file);
    try {
      const { about, view } = recognise(weights, choices);
      const { native } = Detector.build(about.preset, about.classes, 0, "cpu");
      const { sha256 } = await fillAll(native, entriesOf(view, native), file);
      native.to(device);
      const source = {
        file,
        sha256: weights.metadata.sha256 ?? sha256,
        format: weights.format,
        layout: view.layout.family,
      };
      return new Detector(about.preset, about.classes, native, source);
    } finally {
      await weights.close();
    }
  }

  private static build(
    preset: Preset,
    classes: readonly string[],
    seed: number,
    device: string,
  ): Detector {
    const native = new (engine().Model)(buildGraph(preset, classes.length), seed);
    native.to(device);
    return new Detector(preset, classes, native);
  }

  /**
   * Writes weights, classes and preset as safetensors, atomically. With a `layout` the tensors are named
   * so that the other code base loads them with `load_state_dict(strict=True)`; {@link Detector.load}
   * reads such a file too.
   *
   * @throws SsdError BAD_CHECKPOINT when the file cannot be written (what was there stays), BAD_OPTION
   *   for a layout that this architecture does not have.
   */
  async save(file: string, options?: SaveOptions): Promise<void> {
    const { layout } = parseOptions(saveOptions, options, "Detector.save");
    const { preset, classes } = this;
    await saveModel(file, this.native, { preset, classes: [...classes], layout });
  }

  /**
   * Loads what fits from a weight file of any layout and format (see {@link Detector.load}), for
   * example an ImageNet backbone of torchvision or timm, or from a folder that holds exactly one.
   * VGG16's fully connected layers are thinned out for conv6 and conv7 (SSD, section 3).
   *
   * @returns What was loaded, missing, unexpected, and of another shape.
   * @throws SsdError BAD_CHECKPOINT when the file cannot be read or nothing of it fits.
   */
  async init(file: string): Promise<LoadReport> {
    return initFrom(this.native, this.preset, file);
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
      { size, mean, std, fit: parsed.fit },
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
