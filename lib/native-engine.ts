import type { SsdError } from "./errors.js";
import type { Fit, FrameSpec, LayerSpec, LoaderSpec, NativeLoader } from "./native-loader.js";
import type {
  NativeFeed,
  NativeMemoryPack,
  NativePictures,
  PackIndex,
  PictureList,
} from "./native-pictures.js";
import type { NativeSession, SessionSpec } from "./native-session.js";
import type { ResolvedDetectOptions, ResolvedLossOptions } from "./options.js";

// The engine (native/bindings) as TypeScript sees it; lib/native.ts loads it.

export type DType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "uint8"
  | "bool";

/** Bytes of one element. */
export const dtypeBytes: Record<DType, number> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  uint8: 1,
  bool: 1,
};

export interface NativeTensor {
  readonly shape: number[];
  readonly dtype: DType;
  readonly device: string;
  /** A copy of the elements, contiguous, as raw bytes. */
  bytes(): ArrayBuffer;
  to(device: string, dtype: DType | null): NativeTensor;
  dispose(): void;
  readonly disposed: boolean;
}

/** One node of a model: an operation, what feeds it (0 is the picture, k is node k-1), its numbers. */
export interface GraphNode {
  op:
    | "conv"
    | "batchnorm"
    | "relu"
    | "relu6"
    | "hardswish"
    | "hardsigmoid"
    | "maxpool"
    | "avgpool"
    | "l2norm"
    | "add"
    | "mul";
  /** Prefix of its tensors in the state dict. */
  name?: string;
  inputs: number[];
  in?: number;
  out?: number;
  kernel?: number;
  stride?: number;
  padding?: number;
  dilation?: number;
  groups?: number;
  bias?: boolean;
  ceil?: boolean;
  eps?: number;
  momentum?: number;
  /** Its start: `kaiming` (fan out), `xavier` (uniform), `normal` (deviation 0.03), or a constant. */
  init?: "kaiming" | "xavier" | "normal" | number;
}

/** A detector as data: nodes, and for each prediction map the nodes that give offsets and logits. */
export interface Graph {
  nodes: GraphNode[];
  loc: number[];
  conf: number[];
  /** Classes including the background. */
  numClasses: number;
}

export interface NativeModel {
  /** State dict in order; the tensors are the model's own. */
  names(): string[];
  /** A tensor of the state dict (a view: it changes as training goes on). */
  tensor(name: string): NativeTensor;
  /**
   * Copies row-major elements of `dtype` (by default the tensor's own) into a tensor of the state
   * dict, converted to its dtype; as many as it has. BAD_CHECKPOINT for another number of bytes, and
   * for fractions where the tensor holds integers.
   */
  assign(name: string, bytes: ArrayBufferView, dtype?: DType): void;
  readonly device: string;
  to(device: string): void;
  forward(images: NativeTensor): { loc: NativeTensor; conf: NativeTensor };
  dispose(): void;
}

/** Truths of a batch: one entry a picture, boxes relative to the picture, labels 0-based. */
export interface NativeTarget {
  boxes: Float32Array;
  labels: Int32Array;
}

export interface NativeLosses {
  conf: NativeTensor;
  loc: NativeTensor;
  soft?: NativeTensor;
  l2?: NativeTensor;
  numPositives: NativeTensor;
  unmatched: NativeTensor;
  gradLoc: NativeTensor;
  gradConf: NativeTensor;
}

export interface PriorGrid {
  /** Side of the input in pixels. */
  size: number;
  maps: number[];
  steps: number[];
  /** One more than maps: the last closes the last map's second square. */
  sizes: number[];
  ratios: number[][];
  /** What of a prior is held to 0..1. */
  clip: "none" | "centres" | "sizes" | "corners";
}

/** What was found in one picture, best score first. */
export interface NativeDetections {
  /** Corners relative to the picture, held to 0..1: 4 numbers each. */
  boxes: Float32Array;
  /** 0-based foreground labels. */
  labels: Int32Array;
  scores: Float32Array;
}

export interface EvaluatedBatch {
  conf: number;
  loc: number;
  detections: NativeDetections[];
}

export interface EngineInfo {
  libtorch: string;
  built: string;
  threads: number;
  /** Whether only deterministic kernels may run. */
  deterministic: boolean;
  cuda: boolean;
  devices: string[];
  cpu: string;
}

export interface Engine {
  info(): EngineInfo;
  /** Hands over the error class, so that native errors are SsdErrors. */
  initialize(errorClass: typeof SsdError): void;
  /** Says that there is no CUDA in this process, and why: it is not asked any more. */
  withholdCuda(why: string): void;
  setThreads(threads: number): void;
  /** What a device does at most, measured: a large copy, and a large matrix product in `dtype`. */
  speed(device: string, dtype: DType): { bytesPerSecond: number; flopsPerSecond: number };
  /** Of the whole process: ATen's deterministic algorithms, and cuDNN's. */
  setDeterministic(on: boolean): void;
  /** Stops and joins every native thread of this environment. Safe to call twice. */
  shutdown(): void;
  tensor(data: ArrayBufferView, shape: number[], dtype: DType): NativeTensor;
  priorBoxes(grid: PriorGrid): NativeTensor;
  jaccard(a: NativeTensor, b: NativeTensor): NativeTensor;
  encode(matched: NativeTensor, priors: NativeTensor, variances: readonly number[]): NativeTensor;
  decode(
    loc: NativeTensor,
    priors: NativeTensor,
    variances: readonly number[],
    coderClip: number | null,
  ): NativeTensor;
  match(
    targets: NativeTarget[],
    priors: NativeTensor,
    options: ResolvedLossOptions,
  ): { loc: NativeTensor; classes: NativeTensor; unmatched: NativeTensor };
  multiboxLoss(
    student: { loc: NativeTensor; conf: NativeTensor },
    teacher: { loc: NativeTensor; conf: NativeTensor } | null,
    targets: NativeTarget[],
    priors: NativeTensor,
    options: ResolvedLossOptions,
  ): NativeLosses;
  nms(boxes: NativeTensor, scores: NativeTensor, iou: number): NativeTensor;
  detections(
    output: { loc: NativeTensor; conf: NativeTensor },
    priors: NativeTensor,
    variances: readonly number[],
    options: ResolvedDetectOptions,
  ): NativeDetections[];
  /** Detections on one decoded picture, u8 RGB. */
  detect(
    model: NativeModel,
    picture: { data: Uint8Array; width: number; height: number },
    preset: FrameSpec & { fit: Fit },
    priors: NativeTensor,
    variances: readonly number[],
    options: ResolvedDetectOptions,
  ): Promise<NativeDetections>;
  /** A decoded picture, u8 RGB, as a layer of it shows it: [1, 3, S, S]. */
  resample(
    picture: { data: Uint8Array; width: number; height: number },
    layer: LayerSpec,
    preset: FrameSpec,
  ): NativeTensor;
  /** Losses and detections of the loader's next batch, model in evaluation mode. */
  evaluateFrom(
    model: NativeModel,
    loader: NativeLoader,
    priors: NativeTensor,
    loss: ResolvedLossOptions,
    options: ResolvedDetectOptions,
  ): Promise<EvaluatedBatch>;
  Model: new (graph: Graph, seed: number) => NativeModel;
  Pack: new (index: PackIndex) => NativePictures;
  MemoryPack: new (list: PictureList) => NativeMemoryPack;
  Feed: new (list: PictureList) => NativeFeed;
  Loader: new (pictures: NativePictures, spec: LoaderSpec) => NativeLoader;
  Session: new (
    student: NativeModel,
    teacher: NativeModel | null,
    priors: NativeTensor,
    spec: SessionSpec,
  ) => NativeSession;
}
