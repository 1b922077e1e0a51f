import type { NativeTarget, NativeTensor } from "./native-engine.js";

// The engine's loader: how training pictures are made, and what was drawn for them.

export interface AugmentSpec {
  photometric: boolean;
  expand: boolean;
  crop: boolean;
  mirror: boolean;
  overlap: "reached" | "ignored";
  mosaic: number;
  mixup: number;
}

/** How a whole picture is brought to the network's square. */
export type Fit = "stretch" | "letterbox";

/** What the engine needs to know of a network's pictures. */
export interface FrameSpec {
  size: number;
  mean: number[];
  std: number[];
  /** Of the pictures, float32 by default. */
  dtype?: "float32" | "bfloat16";
}

export interface LoaderSpec extends FrameSpec {
  /** That makes the pictures and gets them, for example `cpu` or `cuda:0`. */
  device: string;
  /** Keeps a copy of all pixels on the device, if it has the memory. */
  resident?: boolean;
  batch: number;
  seed: number;
  threads: number;
  augment: AugmentSpec | null;
  /** Of whole pictures, which are shown where nothing augments them. */
  fit: Fit;
}

/** A photometric distortion, in this order: brightness, contrast when it is first, saturation, hue, contrast. */
export interface ColourSpec {
  /** Added, of 255. */
  brightness: number;
  contrast: number;
  saturation: number;
  /** Degrees. */
  hue: number;
  contrastFirst: boolean;
  /** Of each output channel, the channel it comes from. */
  channels: number[];
}

/** What is shown of a picture. */
export interface LayerSpec {
  /** Left, top, width, height in the picture's pixels; outside of it stands the mean colour. */
  view: number[];
  mirror: boolean;
  colour: ColourSpec | null;
}

/** A layer of a training picture as it was drawn. */
export interface DrawnLayer extends LayerSpec {
  /** The picture, as an index into its source. */
  index: number;
  /** Left, top, width, height in the training picture's pixels. */
  region: number[];
  opacity: number;
  /** Of the crop: 0 none, 1 to 4 a minimum IoU of .1, .3, .7, .9, 5 any patch. */
  mode: number;
}

export interface NativeLoader {
  /** Starts an epoch over the pictures of `order`, from batch `from`; an epoch under way is dropped. */
  start(epoch: number, order: Uint32Array, from: number): void;
  /** The next batch as tensors: for looking at what training sees. */
  next(): Promise<{
    images: NativeTensor;
    targets: NativeTarget[];
    indices: number[];
    /** The layers of each picture, from the lowest up. */
    drawn: DrawnLayer[][];
  }>;
  dispose(): void;
}
