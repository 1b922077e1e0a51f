import type { SsdError } from "../errors.js";
import type { DType } from "../native-engine.js";
import { shown } from "./damage.js";
import { denseStrides, isShape, type View } from "./strided.js";

// The header of NumPy's .npy format, versions 1 to 3 (numpy/lib/format.py): magic, version, length,
// and a literal of a Python dict.

const dtypes: Record<string, DType> = {
  "<f2": "float16",
  "<f4": "float32",
  "<f8": "float64",
  "<i4": "int32",
  "<i8": "int64",
  "|u1": "uint8",
  "|b1": "bool",
};

const longest = 4096;

type Bad = (why: string) => SsdError;

/** Where the elements begin, by the first 12 bytes; `bad` makes the error that is thrown. */
export function npyStart(bytes: Buffer, bad: Bad): number {
  if (bytes.length < 12 || bytes.toString("latin1", 0, 6) !== "\x93NUMPY")
    throw bad("expected an array of NumPy, got something else");
  const [major, minor] = [bytes[6]!, bytes[7]!];
  if (!(major >= 1 && major <= 3 && minor === 0))
    throw bad(`expected a header of version 1.0, 2.0 or 3.0, got ${major}.${minor}`);
  const length = major === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  if (length > longest) throw bad(`expected a header of at most ${longest} bytes, got ${length}`);
  return lengthEnd(major) + length;
}

/** The array that a header describes; `bytes` end where its elements begin. */
export function parseNpy(bytes: Buffer, bad: Bad): View {
  const major = bytes[6]!;
  return viewOf(bytes.toString(major === 3 ? "utf8" : "latin1", lengthEnd(major)), bad);
}

function lengthEnd(major: number): number {
  return major === 1 ? 10 : 12;
}

function viewOf(text: string, bad: Bad): View {
  const { descr = "", fortran_order: order = "", shape: sides = "", ...more } = fieldsOf(text);
  const known = /^['"]/.test(descr) && /^[TF]/.test(order) && sides.startsWith("(");
  if (!known || Object.keys(more).length > 0)
    throw bad(`expected a header with descr, fortran_order and shape, got ${shown(text.trim())}`);
  const type = descr.slice(1, -1);
  const dtype = Object.hasOwn(dtypes, type) ? dtypes[type] : undefined;
  if (type.includes("O")) throw bad("expected numbers, got an array of Python objects");
  if (dtype === undefined)
    throw bad(`expected elements of ${Object.keys(dtypes).join(", ")}, got ${shown(type)}`);
  const shape = (sides.match(/\d+/g) ?? []).map(Number);
  if (!isShape(shape)) throw bad(`expected a shape of integers from 0 on, got ${shown(sides)}`);
  return { dtype, shape, strides: denseStrides(shape, order === "True" ? "F" : "C"), offset: 0 };
}

const field =
  /\s*(?:'(\w+)'|"(\w+)")\s*:\s*('[^'\\]*'|"[^"\\]*"|True|False|\(\s*\)|\(\s*\d+L?\s*,\s*\)|\(\s*\d+L?(?:\s*,\s*\d+L?)+(?:\s*,)?\s*\))\s*(,|(?=\}))/y;

/** The fields of `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }` as their texts. */
function fieldsOf(text: string): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  const literal = text.trim();
  if (!literal.startsWith("{") || !literal.endsWith("}")) return {};
  field.lastIndex = 1;
  for (;;) {
    const at = field.lastIndex;
    const match = field.exec(literal);
    if (match === null) return literal.slice(at, -1).trim() === "" ? fields : {};
    const key = match[1] ?? match[2]!;
    if (key in fields) return {};
    fields[key] = match[3]!;
  }
}
