// Numbers that Python and TypeScript draw alike (scripts/golden/hashed.py): an integer hash of a
// stream's name and an index, so that nothing that is drawn has to be stored.

/** FNV-1a of the name, 32 bits. */
function stream(name: string): number {
  let value = 2166136261;
  for (const byte of new TextEncoder().encode(name)) value = Math.imul(value ^ byte, 16777619);
  return value;
}

/** The finalizer of MurmurHash3. */
function mix(x: number): number {
  let value = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}

/** Fills an array with what `value` makes of 32 random bits for each index. */
function draw<T extends Float64Array | Float32Array | Int32Array>(
  into: T,
  name: string,
  value: (bits: number) => number,
): T {
  const start = stream(name);
  for (let i = 0; i < into.length; i++) into[i] = value(mix(mix(i) ^ start) >>> 0);
  return into;
}

/** Between -1 and 1, odd multiples of 2^-24: exact in float32, never 0. */
function fraction(bits: number): number {
  return ((bits >>> 8) * 2 + 1 - 2 ** 24) / 2 ** 24;
}

export function uniform(name: string, count: number): Float64Array {
  return draw(new Float64Array(count), name, fraction);
}

/** Integers from 0 to `limit` - 1. */
export function below(name: string, count: number, limit: number): Int32Array {
  // The product has up to 64 bits; its high half is what counts.
  const high = (bits: number) => Number((BigInt(bits) * BigInt(limit)) >> 32n);
  return draw(new Int32Array(count), name, high);
}

/** `middle` + `spread` * uniform, computed in float64, rounded to float32. */
export function near(name: string, count: number, middle: number, spread: number): Float32Array {
  return draw(new Float32Array(count), name, (bits) => middle + spread * fraction(bits));
}

/** The int32 of a sequence of integers from 0 to 2^31 - 1: of their values and their places. */
export function digest(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total = (total + mix(mix(i) ^ values[i]!)) | 0;
  return total;
}
