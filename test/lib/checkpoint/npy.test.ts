import { expect, test } from "vitest";
import { damaged } from "../../../lib/checkpoint/damage.js";
import { npyStart, parseNpy } from "../../../lib/checkpoint/npy.js";
import { bytes } from "../../support/pickle.js";
import { failure } from "../../support/small.js";

const bad = (why: string) => damaged("f", why);

function parse(literal: string, version = 1) {
  const text = Buffer.from(literal, version === 3 ? "utf8" : "latin1");
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.length, 0, length.length);
  const file = bytes("\x93NUMPY", Buffer.from([version, 0]), length, text, "rest");
  const start = npyStart(file, bad);
  expect(start).toBe(file.length - 4);
  return parseNpy(file.subarray(0, start), bad);
}

test.each<[string, object]>([
  [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }          \n",
    { dtype: "float32", shape: [3, 4], strides: [4, 1] },
  ],
  [
    "{'descr': '<i8', 'fortran_order': True, 'shape': (3, 4), }\n",
    { dtype: "int64", shape: [3, 4], strides: [1, 3] },
  ],
  [
    '{"shape":(5,),"fortran_order":False,"descr":"|b1"}',
    { dtype: "bool", shape: [5], strides: [1] },
  ],
  [
    "{'descr': '<f2', 'fortran_order': False, 'shape': (), }",
    { dtype: "float16", shape: [], strides: [] },
  ],
  ["{'descr': '<f8', 'fortran_order': False, 'shape': ( ), }", { dtype: "float64", shape: [] }],
  [
    "{'descr': '|u1', 'fortran_order': False, 'shape': (3L, 0L)}",
    { dtype: "uint8", shape: [3, 0] },
  ],
  [
    "{'descr': '<i4', 'fortran_order': False, 'shape': (3 , 4 , ) , }",
    { dtype: "int32", shape: [3, 4] },
  ],
])("%j", (literal, view) => {
  for (const version of [1, 2, 3])
    expect(parse(literal, version)).toMatchObject({ ...view, offset: 0 });
});

const order = "'fortran_order': False";

test.each<[string, string]>([
  ["", "a header with descr"],
  ["{}", "a header with descr"],
  ["[1]", "a header with descr"],
  [`{'descr': '<f4', ${order}}`, "a header with descr"],
  [`{'descr': '<f4', ${order}, 'shape': (1,), 'more': True}`, "a header with descr"],
  [`{'descr': '<f4', 'descr': '<f8', ${order}, 'shape': (1,)}`, "a header with descr"],
  [`{'descr': '<f4', ${order}, 'shape': (1,)} + f()`, "a header with descr"],
  [`{'descr': '<f4', ${order}, 'shape': (1,) f()}`, "a header with descr"],
  [`{'descr': '<f4', ${order}, 'shape': (__import__('os'),)}`, "a header with descr"],
  [`{'descr': '<f4', ${order}, 'shape': (3)}`, "a header with descr"],
  [`{'descr': '<f4', ${order}, 'shape': '(3,)'}`, "a header with descr"],
  [`{'descr': '<f4', ${order}, 'shape': (-3,)}`, "a header with descr"],
  [`{'descr': '<f4', 'fortran_order': 'False', 'shape': (3,)}`, "a header with descr"],
  [`{'descr': '<f4', 'fortran_order': None, 'shape': (3,)}`, "a header with descr"],
  [`{'descr': True, ${order}, 'shape': (3,)}`, "a header with descr"],
  [`{'descr': [('a', '<f4')], ${order}, 'shape': (3,)}`, "a header with descr"],
  [`{'descr': '|O', ${order}, 'shape': (3,)}`, "Python objects"],
  [`{'descr': '>f4', ${order}, 'shape': (3,)}`, "got >f4"],
  [`{'descr': '<c8', ${order}, 'shape': (3,)}`, "got <c8"],
  [`{'descr': '__proto__', ${order}, 'shape': (3,)}`, "got __proto__"],
  [`{'__proto__': '<f4', ${order}, 'shape': (3,)}`, "a header with descr"],
  [`{'descr': '<f4', ${order}, 'shape': (99999999999999999999, 1)}`, "a shape of integers"],
  [`{'descr': '<f4', ${order}, 'shape': (0, 9007199254740991)}`, "a shape of integers"],
])("%j is refused", (literal, part) => {
  expect(() => parse(literal)).toThrow(failure("BAD_CHECKPOINT", part));
});

test("the beginning of the file", () => {
  const start = (content: string) => () => npyStart(bytes(content), bad);
  expect(start("")).toThrow(failure("BAD_CHECKPOINT", "an array of NumPy"));
  expect(start("\x93NUMPY\x01\0\x01")).toThrow(failure("BAD_CHECKPOINT", "an array of NumPy"));
  expect(start("\x93NUMPY\x04\0\0\0\0\0")).toThrow(failure("BAD_CHECKPOINT", "got 4.0"));
  expect(start("\x93NUMPY\x01\x01\0\0\0\0")).toThrow(failure("BAD_CHECKPOINT", "got 1.1"));
  expect(start("\x93NUMPY\x02\0\xff\xff\xff\xff")).toThrow(failure("BAD_CHECKPOINT", "4294967295"));
});

test("blanks without end take no time", () => {
  const blanks = " ".repeat(4000);
  const before = performance.now();
  for (const literal of [`{${blanks}`, `{'shape': (1${blanks}`, `{'shape': (1,${blanks}2${blanks}`])
    expect(() => parse(literal)).toThrow(failure("BAD_CHECKPOINT"));
  expect(performance.now() - before).toBeLessThan(1000);
});
