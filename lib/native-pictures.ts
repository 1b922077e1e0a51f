// Types of the engine's holders of pictures.

/** What a holder of pictures is told of them. */
export interface PictureList {
  /** The files they were decoded from, for messages. */
  paths: string[];
  /** Width and height of each picture, interleaved. */
  sizes: Int32Array;
  /** Number of truths of each picture. */
  counts: Int32Array;
  /** All truths' corners in pixels, 4 numbers each, in picture order. */
  boxes: Float32Array;
  labels: Int32Array;
}

export interface PackIndex extends PictureList {
  file: string;
  /** Byte offset of each picture's u8 RGB pixels in the file. */
  offsets: Float64Array;
  /** CRC-32 of each picture's pixels, looked at when it is first taken. */
  crcs: Uint32Array;
}

/** Where a loader takes decoded pictures from. */
export interface NativePictures {
  /** Pictures. */
  readonly length: number;
  dispose(): void;
}

/** Pictures in the memory of the process. */
export interface NativeMemoryPack extends NativePictures {
  /** Puts a picture's pixels in, once, before a loader starts. */
  put(index: number, pixels: Uint8Array): void;
}

/** Pictures that are decoded when a loader announces them. */
export interface NativeFeed extends NativePictures {
  /**
   * Pictures to decode, as soon as there are any; the next call gives the next ones. Does not keep the
   * process alive. Rejects with CANCELLED when the feed is disposed of.
   */
  asked(): Promise<Uint32Array>;
  /** Whether somebody still waits for a picture. */
  wanted(index: number): boolean;
  put(index: number, pixels: Uint8Array): void;
  fail(index: number, sentence: string): void;
}
