import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Budget } from "../../../lib/checkpoint/budget.js";
import { damaged } from "../../../lib/checkpoint/damage.js";
import { unpickle } from "../../../lib/checkpoint/pickle.js";
import { CutShort, PickleInput } from "../../../lib/checkpoint/pickle-input.js";
import {
  Callable,
  Dict,
  Opaque,
  Tuple,
  type Value,
} from "../../../lib/checkpoint/pickle-values.js";
import {
  bytes,
  call,
  dict,
  global,
  int,
  list,
  pickle,
  text,
  tuple,
  u32,
} from "../../support/pickle.js";
import { failure } from "../../support/small.js";

/** What a file's world was asked for. */
interface Asked {
  globals: string[];
  ids: Value[];
}

function read(content: Buffer, asked: Asked = { globals: [], ids: [] }): Value {
  return unpickle(new PickleInput(content), {
    bad: (why) => damaged("f", why),
    budget: new Budget("f", content.length),
    global(name) {
      asked.globals.push(name);
      if (name !== "m.f") throw damaged("f", `got ${name}`);
      return new Callable(name, (args) => new Tuple(["called", ...args]));
    },
    persistent(id) {
      asked.ids.push(id);
      return "kept elsewhere";
    },
  });
}

/** A value as JavaScript's own, tuples as `{ tuple }`. */
function plain(value: Value): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Tuple) return { tuple: value.items.map(plain) };
  if (value instanceof Dict)
    return new Map([...value.entries].map(([k, v]) => [plain(k), plain(v)]));
  return value instanceof Opaque ? value.what : value;
}

const refused = (...parts: string[]) => failure("BAD_CHECKPOINT", "f: ", ...parts);

describe("instructions", () => {
  test.each<[string, string | Buffer, unknown]>([
    ["NONE", "N", null],
    ["NEWTRUE", "\x88", true],
    ["NEWFALSE", "\x89", false],
    ["BININT", "J\xff\xff\xff\xff", -1],
    ["BININT1", "K\xff", 255],
    ["BININT2", "M\x00\x80", 32768],
    ["LONG1 of no bytes", "\x8a\x00", 0],
    ["LONG1", "\x8a\x02\x00\xff", -256],
    ["LONG1 that is large", `\x8a\x09${"\0".repeat(8)}\x01`, 2n ** 64n],
    ["LONG1 that is huge", `\x8a\xff${"\0".repeat(254)}\x40`, 2n ** 2038n],
    ["BINFLOAT", "G\x3f\xf8\0\0\0\0\0\0", 1.5],
    ["BINUNICODE", text("größe\0\n"), "größe\0\n"],
    ["BINUNICODE with a mark of byte order", text("\ufeffa"), "\ufeffa"],
    ["SHORT_BINUNICODE", "\x8c\x03a\xc3\xa9", "aé"],
    ["SHORT_BINSTRING", "U\x03a\xc3\xa9", "aé"],
    ["SHORT_BINSTRING of bytes", "U\x02\xff\xfe", "bytes"],
    ["BINSTRING", "T\x02\0\0\0ab", "ab"],
    ["SHORT_BINBYTES", "C\x02ab", "bytes"],
    ["BINBYTES", "B\x02\0\0\0ab", "bytes"],
    ["EMPTY_LIST", "]", []],
    ["APPEND", "]NaK\x01a", [null, 1]],
    ["APPENDS", "](NK\x01e", [null, 1]],
    ["EMPTY_TUPLE", ")", { tuple: [] }],
    ["TUPLE", "(NK\x01)K\x02t", { tuple: [null, 1, { tuple: [] }, 2] }],
    ["TUPLE1", "N\x85", { tuple: [null] }],
    ["TUPLE2", "NK\x01\x86", { tuple: [null, 1] }],
    ["TUPLE3", "NK\x01K\x02\x87", { tuple: [null, 1, 2] }],
    ["EMPTY_DICT", "}", new Map()],
    ["SETITEM", "}K\x01K\x02sK\x01K\x03s", new Map([[1, 3]])],
    [
      "SETITEMS",
      "}(K\x01K\x02K\x03Nu",
      new Map<unknown, unknown>([
        [1, 2],
        [3, null],
      ]),
    ],
    ["EMPTY_SET", "\x8f(K\x01K\x02\x90", "a set"],
    ["BINPUT, BINGET", "](K\x07q\x05h\x05e", [7, 7]],
    ["FRAME", bytes("\x95", u32(1), u32(0), "N"), null],
    ["MEMOIZE", "](K\x07\x94K\x08\x94h\x01h\x00e", [7, 8, 8, 7]],
    ["LONG_BINPUT, LONG_BINGET", bytes("](K\x07r", u32(70_000), "j", u32(70_000), "e"), [7, 7]],
    ["BUILD of a dict", "}}K\x01K\x02sb", new Map()],
    ["GLOBAL, REDUCE", "cm\nf\nK\x05\x85R", { tuple: ["called", 5] }],
    ["STACK_GLOBAL", "\x8c\x01m\x8c\x01f\x93)R", { tuple: ["called"] }],
    ["BINPERSID", "K\x07Q", "kept elsewhere"],
  ])("%s", (_name, pieces, value) => {
    expect(plain(read(pickle(pieces)))).toEqual(value);
  });

  test("what the memo holds is the thing itself", () => {
    const value = read(pickle("](]q\x05h\x05K\x01ae")) as Value[];
    expect(value).toEqual([[1], [1]]);
    expect(value[0]).toBe(value[1]);
  });

  test("names and ids are handed to the world as they stand", () => {
    const asked: Asked = { globals: [], ids: [] };
    read(pickle(list(call("m.f"), bytes(tuple(text("a"), int(3)), "Q"))), asked);
    expect(asked.globals).toEqual(["m.f"]);
    expect(asked.ids.map(plain)).toEqual([{ tuple: ["a", 3] }]);
  });

  test("any value of Python comes back", () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.string({ unit: "grapheme" }),
        fc.maxSafeInteger(),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    const encode = (item: unknown): Buffer => {
      if (item === null) return bytes("N");
      if (typeof item === "boolean") return bytes(item ? "\x88" : "\x89");
      if (typeof item === "string") return text(item);
      if (typeof item === "number") return int(item);
      if (Array.isArray(item)) return list(...item.map(encode));
      const entries = Object.entries(item as object).map(([key, one]) => [key, encode(one)]);
      return dict(Object.fromEntries(entries));
    };
    const decoded = (item: unknown): unknown => {
      if (Array.isArray(item)) return item.map(decoded);
      if (item === null || typeof item !== "object") return item;
      return new Map(Object.entries(item).map(([key, one]) => [key, decoded(one)]));
    };
    fc.assert(
      fc.property(value, (item) => {
        expect(plain(read(pickle(encode(item))))).toEqual(decoded(item));
      }),
    );
  });

  test("the input stands behind the pickle, where the next begins", () => {
    const both = bytes(pickle(int(1)), pickle(int(2)));
    const input = new PickleInput(both);
    const world = {
      bad: (why: string) => damaged("f", why),
      budget: new Budget("f", 0),
      global: () => null,
      persistent: () => null,
    };
    expect([unpickle(input, world), unpickle(input, world), input.rest]).toEqual([1, 2, 0]);
  });
});

describe("refused", () => {
  test.each<[string, string | Buffer, string]>([
    ["another global", global("os.system"), "os.system"],
    ["one by its parts", "\x8c\x02os\x8c\x06system\x93", "os.system"],
    ["one by a class of old", "(ios\nsystem\n", "os.system"],
    ["one whose name has more dots", global("builtins.eval.__call__"), "builtins.eval.__call__"],
    ["one of parts that are no texts", "K\x01K\x02\x93", "global, got 1 and 2"],
    ["one with an endless name", `c${"x".repeat(2000)}\nf\n`, "up to 1000 bytes"],
    ["a call of a text", bytes(text("eval"), ")R"), "one of a text"],
    ["a call of what was called", bytes(call("m.f"), ")R"), "one of a tuple"],
    ["a call with a list", "cm\nf\n]R", "one of m.f"],
    ["OBJ", "(cm\nf\no", "0x6f"],
    ["INST of a function that is known", "(im\nf\n", "0x69"],
    ["NEWOBJ", "cm\nf\n)\x81", "0x81"],
    ["NEWOBJ_EX", "cm\nf\n)}\x92", "0x92"],
    ["EXT1", "\x82\x01", "0x82"],
    ["EXT2", "\x83\x01\x00", "0x83"],
    ["EXT4", "\x84\x01\0\0\0", "0x84"],
    ["PERSID", "P0\n", "0x50"],
    ["LONG4", "\x8b\xff\xff\xff\x7f", "0x8b"],
    ["BINUNICODE8", "\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "0x8d"],
    ["BINBYTES8", "\x8e\xff\xff\xff\xff\xff\xff\xff\xff", "0x8e"],
    ["BYTEARRAY8", "\x96\0\0\0\0\0\0\0\0", "0x96"],
    ["NEXT_BUFFER", "\x97", "0x97"],
    ["INT in letters", "I1\n", "0x49"],
    ["DUP", "NN2", "0x32"],
    ["POP", "NN0", "0x30"],
    ["a code that is none", "\xff", "0xff"],
    ["a protocol to come", "\x80\x06N", "protocol 5 at most, got 6"],
    ["a negative length", "T\xff\xff\xff\xff", "got -1"],
    ["text that is none", "X\x01\0\0\0\xff", "UTF-8"],
    ["nothing at all", "", "expected a value"],
    ["two values", "NN", "one value, got more"],
    ["a mark left", "(N", "expected one value, got more"],
    ["a value from below the mark", "N(a", "expected a value"],
    ["a tuple from below the mark", "N(\x85", "expected a value"],
    ["a tuple without a mark", "Nt", "expected a mark"],
    ["a memo that has none", "h\x05", "value 5 of the memo"],
    ["something appended to a tuple", ")Na", "list, got a tuple"],
    ["an entry of a list", "]NNs", "dict, got a list"],
    ["an entry without its value", "}(NNNu", "a value for each key"],
    ["a list as a key", "}]Ns", "key, got a list"],
    ["a dict as a key", "}}Ns", "key, got a dict"],
    ["items of a set in a dict", "}(N\x90", "set, got a dict"],
    ["state of a function", "cm\nf\n}b", "state for m.f"],
    ["state of a list", "]}b", "state for a list"],
    ["state of a text", bytes(text("a"), "}b"), "state for a text"],
  ])("%s", (_name, pieces, part) => {
    expect(() => read(pickle(pieces))).toThrow(refused(part));
  });

  test("bytes that end anywhere", () => {
    const whole = pickle(
      list(text("abc"), int(-5), "G12345678", "M\x01\x02", "U\x02ab", "C\x02ab", call("m.f")),
      bytes("q\x01r", u32(9), "\x95", u32(1), u32(0)),
    );
    expect(read(whole)).toHaveLength(7);
    for (let length = 0; length < whole.length; length++)
      expect(() => read(whole.subarray(0, length)), `${length}`).toThrow(CutShort);
  });

  test("whatever the bytes are, there is a value, an end or a BAD_CHECKPOINT", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (content) => {
        try {
          read(Buffer.from(content));
        } catch (error) {
          if (!(error instanceof CutShort)) expect(error).toEqual(failure("BAD_CHECKPOINT"));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
