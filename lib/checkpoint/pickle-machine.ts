import type { SsdError } from "../errors.js";
import { type Budget, objectBytes } from "./budget.js";
import { CutShort, type PickleInput } from "./pickle-input.js";
import { Callable, Dict, isKey, kindOf, Opaque, Tuple, type Value } from "./pickle-values.js";

/** What a pickle may refer to, and who answers for the file. */
export interface World {
  /** @throws SsdError when the name, `module.name`, is none that is allowed. */
  global(name: string): Value;
  /** What stands for an object that is kept outside of the pickle. */
  persistent(id: Value): Value;
  bad(why: string): SsdError;
  budget: Budget;
}

const what = "the values of its pickle";
/** What lists and dicts make room for with their first items. */
const firstBytes = 3 * objectBytes;
const longestName = 1000;
const newest = 5;

/** The stack and the memo that a pickle's instructions work on; each is a method. */
export class Machine {
  readonly #stack: Value[] = [];
  /** Heights of the stack where something was begun. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Value>();
  readonly #input: PickleInput;
  readonly world: World;

  constructor(input: PickleInput, world: World) {
    this.#input = input;
    this.world = world;
  }

  bad(why: string): SsdError {
    return this.world.bad(`${why}, before byte ${this.#input.position} of its pickle`);
  }

  /** Refuses an instruction: by the class it names, where it has one. */
  refusal(code: number): SsdError {
    if (code === 0x69) this.global(this.line(), this.line());
    const name = `0x${code.toString(16).padStart(2, "0")}`;
    return this.bad(`expected an instruction that state dicts need, got ${name}`);
  }

  push(value: Value, bytes = objectBytes / 4): void {
    this.world.budget.take(bytes, what);
    this.#stack.push(value);
  }

  pop(): Value {
    this.#need(1);
    return this.#stack.pop()!;
  }

  top(): Value {
    this.#need(1);
    return this.#stack.at(-1)!;
  }

  #need(count: number): void {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#stack.length - count < floor) throw this.bad("expected a value, got none");
  }

  mark(): void {
    this.world.budget.take(objectBytes / 4, what);
    this.#marks.push(this.#stack.length);
  }

  popMark(): Value[] {
    const height = this.#marks.pop();
    if (height === undefined) throw this.bad("expected a mark, got none");
    this.world.budget.take(8 * (this.#stack.length - height), what);
    return this.#stack.splice(height);
  }

  tuple(count: number): void {
    this.#need(count);
    this.push(new Tuple(this.#stack.splice(this.#stack.length - count)), 2 * objectBytes);
  }

  put(index = this.#memo.size): void {
    this.world.budget.take(objectBytes, what);
    this.#memo.set(index, this.top());
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.bad(`expected value ${index} of the memo, got none`);
    this.push(value);
  }

  text(length: number): void {
    this.world.budget.take(2 * length, what);
    const text = this.#input.text(length);
    if (text === undefined) throw this.bad("expected text in UTF-8");
    this.push(text, objectBytes);
  }

  /** A string of Python 2, which is either text or bytes. */
  oldText(length: number): void {
    if (length < 0) throw this.bad(`expected a length, got ${length}`);
    this.world.budget.take(2 * length, what);
    this.push(this.#input.text(length) ?? new Opaque("bytes"), objectBytes);
  }

  bytes(length: number): void {
    this.#input.take(length);
    this.push(new Opaque("bytes"), objectBytes);
  }

  line(): string {
    const line = this.#input.line(longestName);
    if (line === undefined) throw this.bad(`expected a name of up to ${longestName} bytes`);
    return line;
  }

  global(module: Value, name: Value): void {
    if (typeof module !== "string" || typeof name !== "string")
      throw this.bad(`expected the name of a global, got ${kindOf(module)} and ${kindOf(name)}`);
    this.push(this.world.global(`${module}.${name}`), objectBytes);
  }

  reduce(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(callee instanceof Callable) || !(args instanceof Tuple)) {
      throw this.bad(`expected a call of a function, got one of ${kindOf(callee)}`);
    }
    this.push(callee.call(args.items), 4 * objectBytes);
  }

  /** Attributes of a dict (PyTorch's `_metadata`) are left alone; nothing else has any here. */
  build(): void {
    this.pop();
    const target = this.top();
    if (!(target instanceof Dict)) throw this.bad(`expected no state for ${kindOf(target)}`);
  }

  append(items: readonly Value[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.bad(`expected a list, got ${kindOf(list)}`);
    this.world.budget.take((list.length === 0 ? firstBytes : 0) + 16 * items.length, what);
    for (const item of items) list.push(item);
  }

  setItems(items: readonly Value[]): void {
    const dict = this.top();
    if (!(dict instanceof Dict)) throw this.bad(`expected a dict, got ${kindOf(dict)}`);
    if (items.length % 2 !== 0) throw this.bad("expected a value for each key");
    this.world.budget.take(firstBytes + objectBytes * items.length, what);
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (!isKey(key)) throw this.bad(`expected a key, got ${kindOf(key)}`);
      dict.set(key, items[i + 1]!);
    }
  }

  addItems(): void {
    this.popMark();
    const set = this.top();
    if (!(set instanceof Opaque)) throw this.bad(`expected a set, got ${kindOf(set)}`);
  }

  protocol(version: number): void {
    if (version > newest) throw this.bad(`expected protocol ${newest} at most, got ${version}`);
  }

  frame(length: number): void {
    if (!(length <= this.#input.rest)) throw new CutShort();
  }

  result(): Value {
    const value = this.pop();
    if (this.#stack.length + this.#marks.length > 0) throw this.bad("expected one value, got more");
    return value;
  }
}
