import type { SsdError } from "../errors.js";
import { type Budget, objectBytes } from "./budget.js";
import { CutShort, type PickleInput } from "./pickle-input.js";
import { Callable, Dict, isKey, kindOf, Opaque, Tuple, type Value } from "./pickle-values.js";

// Python's pickle format (CPython, Lib/pickletools.py), protocols 2 to 5, read as data: a stack
// machine whose only calls are of the functions that `World.global` hands out.

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
const longestName = 1000;
const newest = 5;

/**
 * Reads one pickle; `input` then stands behind it.
 *
 * @throws SsdError BAD_CHECKPOINT by way of `world`; CutShort when the bytes end too early.
 */
export function unpickle(input: PickleInput, world: World): Value {
  const machine = new Machine(input, world);
  for (;;) {
    const code = input.u8();
    if (code === stop) return machine.result();
    const run = allowed.get(code);
    if (run === undefined) throw machine.refusal(code);
    run(machine, input);
  }
}

class Machine {
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
    this.world.budget.take(16 * items.length, what);
    for (const item of items) list.push(item);
  }

  setItems(items: readonly Value[]): void {
    const dict = this.top();
    if (!(dict instanceof Dict)) throw this.bad(`expected a dict, got ${kindOf(dict)}`);
    if (items.length % 2 !== 0) throw this.bad("expected a value for each key");
    this.world.budget.take(objectBytes * items.length, what);
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

const stop = 0x2e;

// By code, in the order of pickletools; what is not here is refused.
const allowed = new Map<number, (machine: Machine, input: PickleInput) => void>([
  [0x4a, (m, input) => m.push(input.i32())], // BININT
  [0x4b, (m, input) => m.push(input.u8())], // BININT1
  [0x4d, (m, input) => m.push(input.u16())], // BININT2
  [0x8a, (m, input) => m.push(input.integer(input.u8()), objectBytes)], // LONG1
  [0x54, (m, input) => m.oldText(input.i32())], // BINSTRING
  [0x55, (m, input) => m.oldText(input.u8())], // SHORT_BINSTRING
  [0x42, (m, input) => m.bytes(input.u32())], // BINBYTES
  [0x43, (m, input) => m.bytes(input.u8())], // SHORT_BINBYTES
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x58, (m, input) => m.text(input.u32())], // BINUNICODE
  [0x8c, (m, input) => m.text(input.u8())], // SHORT_BINUNICODE
  [0x47, (m, input) => m.push(input.f64(), objectBytes)], // BINFLOAT
  [0x5d, (m) => m.push([], objectBytes)], // EMPTY_LIST
  [0x61, (m) => m.append([m.pop()])], // APPEND
  [0x65, (m) => m.append(m.popMark())], // APPENDS
  [0x29, (m) => m.tuple(0)], // EMPTY_TUPLE
  [0x74, (m) => m.push(new Tuple(m.popMark()), 2 * objectBytes)], // TUPLE
  [0x85, (m) => m.tuple(1)], // TUPLE1
  [0x86, (m) => m.tuple(2)], // TUPLE2
  [0x87, (m) => m.tuple(3)], // TUPLE3
  [0x7d, (m) => m.push(new Dict(), objectBytes)], // EMPTY_DICT
  [0x73, (m) => m.setItems([m.pop(), m.pop()].reverse())], // SETITEM
  [0x75, (m) => m.setItems(m.popMark())], // SETITEMS
  [0x8f, (m) => m.push(new Opaque("a set"), objectBytes)], // EMPTY_SET
  [0x90, (m) => m.addItems()], // ADDITEMS
  [0x28, (m) => m.mark()], // MARK
  [0x68, (m, input) => m.get(input.u8())], // BINGET
  [0x6a, (m, input) => m.get(input.u32())], // LONG_BINGET
  [0x71, (m, input) => m.put(input.u8())], // BINPUT
  [0x72, (m, input) => m.put(input.u32())], // LONG_BINPUT
  [0x94, (m) => m.put()], // MEMOIZE
  [0x63, (m) => m.global(m.line(), m.line())], // GLOBAL
  [0x93, (m) => m.global(...([m.pop(), m.pop()].reverse() as [Value, Value]))], // STACK_GLOBAL
  [0x52, (m) => m.reduce()], // REDUCE
  [0x62, (m) => m.build()], // BUILD
  [0x80, (m, input) => m.protocol(input.u8())], // PROTO
  [0x95, (m, input) => m.frame(input.u64())], // FRAME
  [0x51, (m) => m.push(m.world.persistent(m.pop()), 2 * objectBytes)], // BINPERSID
]);
