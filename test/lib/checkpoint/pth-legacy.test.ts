import { describe, expect, test } from "vitest";
import { openWeights } from "../../../lib/checkpoint/weights.js";
import {
  bytes,
  counting,
  dict,
  int,
  legacyPth,
  list,
  pickle,
  tensor,
  text,
  u32,
} from "../../support/pickle.js";
import { failure } from "../../support/small.js";
import { weightFile } from "../../support/weight-files.js";

async function read(content: Uint8Array): Promise<Record<string, number[]>> {
  const weights = await openWeights(await weightFile(content));
  try {
    const found: Record<string, number[]> = {};
    for (const [name, entry] of weights.tensors) found[name] = [...(await entry.read())];
    return found;
  } finally {
    await weights.close();
  }
}

const four = [...counting(16)];
const key = Buffer.from("6cfc9c46f9206aa85019", "hex");

describe("old files", () => {
  test("storages in the order of their keys, whatever that of the tensors", async () => {
    const value = dict({ b: tensor({ key: "7" }), a: tensor({ key: "12", count: 1, shape: [1] }) });
    const storages = [
      ["12", 1, Buffer.from([1, 2, 3, 4])],
      ["7", 4, counting(16)],
    ] as const;
    expect(await read(legacyPth(value, storages))).toEqual({ b: four, a: [1, 2, 3, 4] });
  });

  test("texts as Python 2 wrote them, and dicts as pairs", async () => {
    const old = bytes(
      "ccollections\nOrderedDict\n",
      list(bytes("](U\x05first", tensor(), "e")),
      "\x85R",
    );
    expect(await read(legacyPth(old))).toEqual({ first: four });
  });

  test("pickles longer than what is read at first", async () => {
    const notes = list(...Array.from({ length: 3000 }, () => text("x".repeat(300))));
    expect(await read(legacyPth(list(notes, tensor())))).toEqual({ 1: four });
  });

  test("no storages at all", async () => {
    expect(await read(legacyPth(dict({ epoch: int(3) }), []))).toEqual({});
  });
});

test.each<[string, Buffer, string[]]>([
  ["another magic number", pickle("\x8a\x0a", Buffer.alloc(10, 1)), ["magic number"]],
  ["a pickle of something else", pickle(dict({ a: int(1) })), ["magic number"]],
  [
    "another version",
    bytes(pickle("\x8a\x0a", key), pickle("M\xea\x03")),
    ["version 1001", "got 1002"],
  ],
  [
    "a version of a large integer",
    bytes(pickle("\x8a\x0a", key), pickle("\x8a\x0a", key)),
    ["got a large integer"],
  ],
  [
    "big-endian numbers",
    bytes(pickle("\x8a\x0a", key), pickle("M\xe9\x03"), pickle(dict({ little_endian: "\x89" }))),
    ["little-endian"],
  ],
  [
    "no system",
    bytes(pickle("\x8a\x0a", key), pickle("M\xe9\x03"), pickle("N")),
    ["little-endian"],
  ],
  [
    "keys that are none",
    bytes(legacyPth(tensor()).subarray(0, -36), pickle(list(int(0)))),
    ["keys"],
  ],
  ["a storage without its bytes", legacyPth(tensor(), []), ["the bytes of storage 0, got none"]],
  [
    "a storage that nobody has",
    legacyPth(tensor(), [
      ["0", 4, counting(16)],
      ["1", 1, counting(4)],
    ]),
    ["got 1"],
  ],
  [
    "a storage twice",
    legacyPth(tensor(), [
      ["0", 4, counting(16)],
      ["0", 4, counting(16)],
    ]),
    ["once, got 0"],
  ],
  ["another count", legacyPth(tensor(), [["0", 5, counting(20)]]), ["4 elements, got 5"]],
  [
    "a negative count",
    bytes(legacyPth(tensor()).subarray(0, -24), u32(2 ** 32 - 1), u32(2 ** 32 - 1), counting(16)),
    ["4 elements, got -1"],
  ],
  ["bytes too many", bytes(legacyPth(tensor()), "x"), ["cut short?"]],
  ["bytes too few", legacyPth(tensor()).subarray(0, -1), ["cut short?"]],
  [
    "a view past its storage",
    legacyPth(tensor({ shape: [2, 3], strides: [3, 1] })),
    ["16 bytes", "ends at 24"],
  ],
])("%s is refused", async (_what, content, parts) => {
  const file = await weightFile(content);
  await expect(openWeights(file)).rejects.toEqual(failure("BAD_CHECKPOINT", file, ...parts));
});
