import { type DType, dtypeBytes } from "../native-engine.js";

// Tensors as views of a row of elements, and their elements in row-major order.

/** Where a tensor's elements lie, counted in elements. */
export interface View {
  dtype: DType;
  shape: readonly number[];
  /** From an element to the next along each axis; 0 repeats it. */
  strides: readonly number[];
  /** The first element. */
  offset: number;
}

/** As many as PyTorch and NumPy know. */
const maxAxes = 64;

export function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether these can be extents: integers from 0 on whose product is a number that is exact. */
export function isShape(sides: unknown): sides is number[] {
  if (!Array.isArray(sides) || sides.length > maxAxes || !sides.every(isNatural)) return false;
  // An axis without elements must not hide what the others amount to.
  return Number.isSafeInteger(countOf(sides.map((side) => Math.max(1, side))) * 8);
}

/** Number of elements. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Bytes of the elements in a row. */
export function bytesOf({ dtype, shape }: Pick<View, "dtype" | "shape">): number {
  return countOf(shape) * dtypeBytes[dtype];
}

/** Strides of elements that lie without gaps, the last axis fastest (or the first, as in Fortran). */
export function denseStrides(shape: readonly number[], order: "C" | "F" = "C"): number[] {
  const strides = Array<number>(shape.length).fill(1);
  const axes = [...shape.keys()];
  if (order === "C") axes.reverse();
  let stride = 1;
  for (const axis of axes) {
    strides[axis] = stride;
    stride *= Math.max(1, shape[axis]!);
  }
  return strides;
}

interface Axis {
  size: number;
  stride: number;
}

/** The fewest axes that walk through the same elements in the same order. */
function axesOf({ shape, strides }: View): Axis[] {
  const axes: Axis[] = [];
  for (const [i, size] of shape.entries()) {
    const stride = strides[i]!;
    const outer = axes.at(-1);
    if (size === 1) continue;
    if (outer?.stride === stride * size) {
      outer.size *= size;
      outer.stride = stride;
    } else {
      axes.push({ size, stride });
    }
  }
  return axes;
}

/** Whether the elements already lie in row-major order without gaps. */
export function isRowMajor(view: View): boolean {
  const [axis, ...more] = axesOf(view);
  return countOf(view.shape) === 0 || (more.length === 0 && (axis?.stride ?? 1) === 1);
}

/** The elements from the first to the last that a view has; without any it begins and ends at 0. */
export function spanOf({ shape, strides, offset }: View): { begin: number; end: number } {
  if (countOf(shape) === 0) return { begin: 0, end: 0 };
  const last = shape.reduce((at, size, i) => at + (size - 1) * strides[i]!, offset);
  return { begin: offset, end: last + 1 };
}

type Elements = Uint8Array | Uint16Array | Uint32Array;

/** The row-major bytes of a view; `span` holds the elements of {@link spanOf}. */
export function gather(view: View, span: Uint8Array): Uint8Array {
  const width = dtypeBytes[view.dtype];
  const axes = axesOf(view);
  const type = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array;
  const { BYTES_PER_ELEMENT: unit } = type;
  // Eight bytes are two halves: a float64 that passes through a register may lose bits of a NaN.
  const halves = width / unit;
  for (const axis of axes) axis.stride *= halves;
  if (halves > 1) axes.push({ size: halves, stride: 1 });
  const aligned = span.byteOffset % unit === 0 ? span : new Uint8Array(span);
  const { buffer, byteOffset, byteLength } = aligned as Uint8Array<ArrayBuffer>;
  const from: Elements = new type(buffer, byteOffset, byteLength / unit);
  const into: Elements = new type(countOf(view.shape) * halves);
  if (into.length > 0) copyAxis(axes, 0, from, 0, into, 0);
  return new Uint8Array(into.buffer);
}

/** Copies what `axes` from `depth` on walk through, and returns where it ends. */
function copyAxis(
  axes: readonly Axis[],
  depth: number,
  from: Elements,
  start: number,
  into: Elements,
  at: number,
): number {
  const axis = axes[depth];
  if (axis === undefined) {
    into[at] = from[start]!;
    return at + 1;
  }
  const { size, stride } = axis;
  if (depth === axes.length - 1 && stride !== 0) {
    for (let i = 0, next = start; i < size; i++, next += stride) into[at + i] = from[next]!;
    return at + size;
  }
  let end = copyAxis(axes, depth + 1, from, start, into, at);
  if (stride !== 0) {
    for (let i = 1; i < size; i++) {
      end = copyAxis(axes, depth + 1, from, start + i * stride, into, end);
    }
    return end;
  }
  // The same again and again: what is there is doubled until it is enough.
  const stop = at + (end - at) * size;
  for (; end < stop; end += Math.min(end - at, stop - end)) {
    into.copyWithin(end, at, at + Math.min(end - at, stop - end));
  }
  return stop;
}
