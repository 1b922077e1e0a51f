import { objectBytes } from "./budget.js";
import type { PickleInput } from "./pickle-input.js";
import { Machine, type World } from "./pickle-machine.js";
import { Dict, Opaque, Tuple, type Value } from "./pickle-values.js";

// Python's pickle format (CPython, Lib/pickletools.py), protocols 2 to 5, read as data: a stack
// machine whose only calls are of the functions that `World.global` hands out.

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
