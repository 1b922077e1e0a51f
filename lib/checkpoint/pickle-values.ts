import type { DType } from "../native-engine.js";
import type { View } from "./strided.js";

// What a pickle of tensors is made of, as plain data.

/** Anything a pickle can hold here. Lists are arrays. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Value[]
  | Tuple
  | Dict
  | Callable
  | StorageType
  | Storage
  | PickledTensor
  | Opaque;

export class Tuple {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** A dict of any class; most are empty, so that there is no map before the first entry. */
export class Dict {
  #entries: Map<Value, Value> | undefined;

  get entries(): Iterable<[Value, Value]> {
    return this.#entries ?? [];
  }

  get(key: Value): Value | undefined {
    return this.#entries?.get(key);
  }

  set(key: Value, value: Value): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }
}

/** Whether Python would take it as a key. */
export function isKey(value: Value): boolean {
  return !Array.isArray(value) && !(value instanceof Dict);
}

/** A function of Python by its name, and what stands for a call of it here. */
export class Callable {
  readonly name: string;
  readonly call: (args: readonly Value[]) => Value;

  constructor(name: string, call: Callable["call"]) {
    this.name = name;
    this.call = call;
  }
}

/** What nobody looks into: sets, bytes, devices, dtypes. */
export class Opaque {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

/** The class of a storage; an untyped one counts in bytes and has no dtype. */
export class StorageType {
  readonly dtype: DType | undefined;

  constructor(dtype: DType | undefined) {
    this.dtype = dtype;
  }
}

/** Elements in a row, by the key that their bytes are found under. */
export class Storage {
  readonly key: string;
  readonly dtype: DType | undefined;
  /** Elements, or bytes where it has no dtype. */
  readonly count: number;

  constructor(key: string, dtype: DType | undefined, count: number) {
    this.key = key;
    this.dtype = dtype;
    this.count = count;
  }
}

/** A tensor as a view of a storage. */
export class PickledTensor {
  readonly storage: Storage;
  readonly view: View;

  constructor(storage: Storage, view: View) {
    this.storage = storage;
    this.view = view;
  }
}

/** What a value is, for sentences. */
export function kindOf(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "a text";
  if (typeof value === "bigint") return "a large integer";
  if (typeof value !== "object") return `${value}`;
  if (value instanceof Tuple) return "a tuple";
  if (value instanceof Dict) return "a dict";
  if (value instanceof Callable) return value.name;
  if (value instanceof Opaque) return value.what;
  return value instanceof PickledTensor ? "a tensor" : "a storage";
}
