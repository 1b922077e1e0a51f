import { SsdError } from "./errors.js";
import { engine } from "./native.js";
import type { DType, NativeTensor } from "./native-engine.js";

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** A typed array of a tensor's elements; 16-bit floats come as their bits. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Uint16Array
  | BigInt64Array
  | Int32Array
  | Uint8Array;

/**
 * A handle to a tensor of the engine, on any device.
 *
 * Memory is freed by {@link Tensor.dispose} (or `using`); the garbage collector is only a net, it
 * does not see the memory behind a handle.
 */
export class Tensor {
  /** The engine's handle. */
  readonly native: NativeTensor;

  /** @internal Tensors come from {@link Tensor.from} and from `ops`. */
  constructor(native: NativeTensor) {
    this.native = native;
  }

  /**
   * A tensor with a copy of `data`. The dtype follows the array: Float32Array is float32,
   * Int32Array int32, BigInt64Array int64, Uint8Array uint8; a plain array of numbers is float32.
   *
   * @param shape Extents; by default one dimension.
   * @param dtype Converts a plain array of numbers; of a typed array it says what the elements are,
   *   which has to be said of 16-bit floats and `bool` alone.
   * @throws SsdError BAD_OPTION when the element count and the shape disagree.
   */
  static from(
    data: TensorData | readonly number[],
    shape?: readonly number[],
    dtype?: DType,
  ): Tensor {
    if (!ArrayBuffer.isView(data)) {
      if (dtype === undefined) return Tensor.from(Float32Array.from(data), shape);
      // By way of float64, which holds every number a plain array can.
      using wide = Tensor.from(Float64Array.from(data), shape);
      return wide.to("cpu", dtype);
    }
    const type = dtype ?? dtypeOf(data);
    const sides = [...(shape ?? [data.length])];
    check(data, sides, type);
    return new Tensor(engine().tensor(data, sides, type));
  }

  /** Extents, for example `[8732, 4]`. */
  get shape(): number[] {
    return this.native.shape;
  }

  get dtype(): DType {
    return this.native.dtype;
  }

  /** `cpu` or `cuda:0`. */
  get device(): string {
    return this.native.device;
  }

  get disposed(): boolean {
    return this.native.disposed;
  }

  /** A copy of the elements in row-major order. */
  toArray(): TensorData {
    return new arrays[this.dtype](this.native.bytes());
  }

  /** The only element of a tensor of one element, as a number. */
  item(): number {
    const [value, ...more] = this.toArray();
    if (value === undefined || more.length > 0) {
      throw new SsdError("BAD_OPTION", `item: expected one element, got shape [${this.shape}]`);
    }
    return Number(value);
  }

  /** A copy on another device, or of another dtype. */
  to(device: string, dtype?: DType): Tensor {
    return new Tensor(this.native.to(device, dtype ?? null));
  }

  /** Lets go of the memory; safe to call twice. Using the tensor afterwards throws DISPOSED. */
  dispose(): void {
    this.native.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function dtypeOf(array: TensorData): DType {
  for (const [dtype, type] of Object.entries(arrays)) {
    if (array.constructor === type && dtype !== "float16" && dtype !== "bfloat16")
      return dtype as DType;
  }
  throw new SsdError(
    "BAD_OPTION",
    `Tensor.from: expected Float32Array, Float64Array, Int32Array, BigInt64Array or Uint8Array, or a dtype for ${array.constructor.name}`,
  );
}

function check(data: TensorData, shape: readonly number[], dtype: DType): void {
  const fail = (expected: string, got: string) => {
    throw new SsdError("BAD_OPTION", `Tensor.from: expected ${expected}, got ${got}`);
  };
  const known = Object.hasOwn(arrays, dtype);
  if (!known) fail(`a dtype of ${Object.keys(arrays).join(", ")}`, String(dtype));
  const type = arrays[dtype];
  if (!(data instanceof type)) fail(`${type.name} for ${dtype}`, data.constructor.name);
  const natural = shape.every((side) => Number.isSafeInteger(side) && side >= 0);
  if (!natural) fail("extents that are integers from 0 on", `[${shape}]`);
  const count = shape.reduce((product, side) => product * side, 1);
  if (count !== data.length) fail(`${count} elements for shape [${shape}]`, String(data.length));
}
