import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type JsonElement, JsonSplitter } from "../../../lib/data/json-stream.js";

/** What comes of a text that arrives in chunks of `step` bytes. */
function split(text: string | Uint8Array, step = 7, lists = ["a", "b"]): JsonElement[] {
  const bytes = Buffer.from(text as string);
  const splitter = new JsonSplitter(lists);
  const found: JsonElement[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    // A copy: what is kept of a chunk must not depend on the reader's buffer.
    found.push(...splitter.push(Uint8Array.from(bytes.subarray(at, at + step))));
  }
  splitter.end();
  return found;
}

test("takes the elements of the lists that are asked for, and nothing else", () => {
  const text =
    '{ "info": {"a": [1]}, "a": [1, {"x": [2]}, "]", null], "c": [[]], "b": [ ], "d": -1e3 }';
  expect(split(text)).toEqual([
    { list: "a", index: 0, value: 1 },
    { list: "a", index: 1, value: { x: [2] } },
    { list: "a", index: 2, value: "]" },
    { list: "a", index: 3, value: null },
  ]);
  const splitter = new JsonSplitter(["a", "b", "e"]);
  splitter.push(Buffer.from(text));
  expect([...splitter.seen]).toEqual(["a", "b"]);
});

test("any lists come back, however the text is cut and spaced", () => {
  const member = fc.record({
    a: fc.array(fc.jsonValue(), { maxLength: 4 }),
    other: fc.jsonValue(),
    b: fc.array(fc.jsonValue(), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(member, fc.integer({ min: 1, max: 40 }), fc.nat(3), (value, step, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      const { a, b } = JSON.parse(text) as { a: unknown[]; b: unknown[] };
      const found = split(text, step);
      expect(found.filter(({ list }) => list === "a").map((element) => element.value)).toEqual(a);
      expect(found.filter(({ list }) => list === "b").map((element) => element.value)).toEqual(b);
    }),
  );
});

test("a text that is cut anywhere is refused", () => {
  const text = '{"a": [1, {"x": "}"}], "b": ["\\""], "c": 1}';
  for (let length = 0; length < text.length; length++) {
    expect(() => split(text.slice(0, length)), text.slice(0, length)).toThrow();
  }
  expect(split(text)).toHaveLength(3);
});

describe("refuses what is no JSON object, saying where", () => {
  test.each([
    ["", /^an empty file$/],
    ["[]", /^\[ instead of an object/],
    ["{} {}", /^\{ instead of nothing more/],
    ['{"a": [1 2]}', /^2 instead of a comma or an end in a\[1\]/],
    ['{"a": [1,]}', /in a\[1\]|no value/],
    ['{"a": [,1]}', /no value in a\[0\]/],
    ['{"x": }', /no value in "x"/],
    ['{"x": 1,}', /^\} instead of a name in quotes/],
    ["{x: 1}", /^x instead of a name in quotes/],
    ['{"a" [1]}', /^\[ instead of a colon in "a"/],
    ['{"a": 1}', /^1 instead of a list \[\.\.\.\] in "a"/],
    ['{"a": [tru]}', /in a\[0\]/],
    ['{"a": [{"x" 1}]}', /in a\[0\]/],
    ['{"a": [1], "a": [2]}', /^"a" twice/],
    ['{"a": [{"x": [1}]}', /in a\[0\]/],
    ["\u0000", /^byte 0 instead of an object/],
  ])("%j", (text, message) => {
    expect(() => split(text)).toThrow(message);
  });

  test("an element without an end is given up, not kept", () => {
    const splitter = new JsonSplitter(["a"]);
    splitter.push(Buffer.from('{"a": ["'));
    const chunk = Buffer.alloc(16 << 20, "x");
    expect(() => {
      for (let i = 0; i < 5; i++) splitter.push(chunk);
    }).toThrow(/67108864 bytes without an end in a\[0\]/);
  });

  test("members that are passed over may be of any length", () => {
    const splitter = new JsonSplitter(["a"]);
    splitter.push(Buffer.from('{"x": ["'));
    const chunk = Buffer.alloc(16 << 20, "x");
    for (let i = 0; i < 5; i++) splitter.push(chunk);
    expect(splitter.push(Buffer.from('"], "a": [1]}'))).toHaveLength(1);
    splitter.end();
  });
});
