import { describe, expect, test } from "vitest";
import { Source } from "../../../lib/checkpoint/source.js";
import { weightsOf } from "../../../lib/checkpoint/weights.js";
import {
  bytes,
  dict,
  legacyPth,
  list,
  pth,
  tensor,
  text,
  tuple,
  u32,
} from "../../support/pickle.js";
import { failure } from "../../support/small.js";
import { weightFile } from "../../support/weight-files.js";
import { zip } from "../../support/zip.js";

// Small files that stand for large ones: each is read or refused within a second and within four
// times its size and 64 MiB.

const mib = 2 ** 20;

/** Memory held by JavaScript and its buffers, in bytes. */
function memory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Reads all tensors of a file; gives their bytes. */
async function readAll(file: string): Promise<number> {
  const source = await Source.open(file);
  let total = 0;
  try {
    const { tensors } = await weightsOf(source);
    for (const entry of tensors.values()) total += (await entry.read()).length;
    expect(source.budget.taken).toBeLessThanOrEqual(source.budget.limit);
    return total;
  } finally {
    await source.close();
  }
}

interface Outcome {
  total?: number;
  error?: unknown;
}

async function measured(content: Uint8Array): Promise<Outcome> {
  const file = await weightFile(content);
  let ms = Number.POSITIVE_INFINITY;
  let outcome: Outcome = {};
  // What a busy machine adds is not always there; what the file costs is.
  for (let times = 0; times < 3 && ms >= 1000; times++) {
    const before = memory();
    const start = performance.now();
    outcome = await readAll(file).then(
      (total) => ({ total }),
      (error: unknown) => ({ error }),
    );
    ms = Math.min(ms, performance.now() - start);
    expect(memory() - before).toBeLessThan(4 * content.length + 64 * mib);
  }
  expect(ms).toBeLessThan(1000);
  if (outcome.error !== undefined) expect(outcome.error).toEqual(failure("BAD_CHECKPOINT", file));
  return outcome;
}

function refused(part: string) {
  return { error: failure("BAD_CHECKPOINT", part) };
}

function repeated(piece: string | Uint8Array, count: number): Buffer {
  const one = bytes(piece);
  return Buffer.alloc(one.length * count, one);
}

function expanded(elements: number): Buffer {
  return tensor({ shape: [elements], strides: [0] });
}

describe("views", () => {
  test("of one element many times, up to the limit", async () => {
    const elements = 15 * mib;
    expect(await measured(pth(expanded(elements)))).toEqual({ total: 4 * elements });
    expect(await measured(pth(expanded(17 * mib)))).toEqual(refused("bytes of memory"));
    expect(await measured(legacyPth(expanded(2 ** 49)))).toEqual(refused("bytes of memory"));
    expect(await measured(legacyPth(expanded(2 ** 51)))).toEqual(refused("integers from 0 on"));
  });

  test("many of them, each within the limit", async () => {
    const named = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`t${i}`, expanded(mib)]),
    );
    expect(await measured(pth(dict(named)))).toEqual(refused("bytes of memory"));
  });

  test("that overlap in small steps", async () => {
    const spec = { type: "torch.ByteStorage", count: 1000 };
    const view = { shape: [250, 250, 250, 3], strides: [1, 1, 1, 1] };
    const file = pth(tensor({ ...spec, ...view }), { 0: Buffer.alloc(1000) });
    expect(await measured(file)).toEqual({ total: 46_875_000 });
  });

  test("of the ends of a large storage, many times", async () => {
    const ends = { type: "torch.ByteStorage", count: mib, shape: [2], strides: [mib - 1] };
    const shared = bytes(tensor(ends), "q\x07", repeated("h\x07", 9999));
    const storages = { 0: Buffer.alloc(mib) };
    expect(await measured(pth(bytes("](", shared, "e"), storages))).toEqual(
      refused("bytes of memory"),
    );
    const few = bytes("](", tensor(ends), "q\x07", repeated("h\x07", 49), "e");
    expect(await measured(pth(few, storages))).toEqual({ total: 100 });
    expect(await measured(pth(few, storages, {}, true))).toEqual({ total: 100 });
  });
});

describe("archives", () => {
  test("that inflate", async () => {
    const bomb = Buffer.alloc(80 * mib);
    const spec = { type: "torch.ByteStorage", count: bomb.length, shape: [1] };
    expect(await measured(pth(tensor(spec), { 0: bomb }, {}, true))).toEqual(
      refused("bytes of memory"),
    );
    const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (83886080,), }\n";
    const length = Buffer.from([header.length, 0]);
    const array = bytes("\x93NUMPY\x01\0", length, header, bomb);
    expect(await measured(zip([{ name: "a.npy", data: array, deflate: true }]))).toEqual(
      refused("bytes of memory"),
    );
    const pickle = bytes("](", repeated("N", 70 * mib), "e");
    expect(await measured(pth(pickle, {}, {}, true))).toEqual(refused("bytes of memory"));
  });

  test("of many members", async () => {
    const names = Array.from({ length: 20_000 }, (_, i) => ({ name: `${i}.txt` }));
    expect(await measured(zip(names))).toEqual(refused("20000 other members"));
  });
});

describe("pickles", () => {
  const many = 400_000;
  test.each([
    ["empty dicts", repeated("}", many)],
    ["empty lists", repeated("]", many)],
    ["empty tuples", repeated(")", many)],
    ["tuples in tuples", bytes(")", repeated("\x85", many))],
    ["marks", repeated("(", many)],
    ["nothing", repeated("N", many)],
    ["texts", repeated("U\x01a", many)],
    ["floats", repeated("G12345678", many)],
    ["large integers", repeated("\x8a\x0912345678\x7f", many)],
    ["memo", bytes("N", ...Array.from({ length: 9 }, (_, i) => repeated(`q${i}`, many / 9)))],
    [
      "scattered memo",
      bytes(
        "N",
        ...Array.from({ length: 99_999 }, (_, i) => bytes("r", u32((i * 43_000) % 2 ** 32))),
      ),
    ],
    ["calls", repeated(bytes("ccollections\nOrderedDict\n)R"), many / 10)],
    ["dicts of one entry", repeated("}NNs", many)],
    ["lists of one entry", repeated("]Na", many)],
  ])("%s", async (_what, pieces) => {
    expect(await measured(pth(bytes("](", pieces, "e")))).toEqual(
      expect.toSatisfy((outcome) => outcome.total === 0 || outcome.error !== undefined),
    );
  });

  test("lists of lists of lists, each the same twice", async () => {
    // As in "billion laughs": two to the power of forty values, by reference.
    const twice = Array.from({ length: 40 }, (_, i) => {
      const index = Buffer.from([i + 100]);
      return bytes("q", index, "h", index, "\x86");
    });
    expect(await measured(pth(bytes("]", ...twice)))).toEqual({ total: 0 });
    expect(await measured(pth(bytes(tensor(), ...twice)))).toEqual(refused("bytes of memory"));
  });

  test("a wide list at the end of many ways", async () => {
    const wide = bytes("](", tensor(), repeated("N", 10 ** 6), "e", "q\x07");
    const file = pth(bytes("](", wide, repeated("h\x07", 2000), "e"));
    expect(await measured(file)).toEqual({ total: 16 * 2001 });
  });

  test("deep ones, and circles", async () => {
    expect(await measured(pth(bytes(repeated("]", 100_000), repeated("a", 99_999))))).toEqual(
      refused("64 deep"),
    );
    expect(await measured(pth(bytes("]q\x01h\x01a")))).toEqual(refused("circle"));
    expect(await measured(pth(bytes("}q\x01", text("a"), "h\x01s")))).toEqual(refused("circle"));
  });

  test("long names", async () => {
    const name = bytes(text("x".repeat(mib)), "q\x05");
    const inner = Array.from({ length: 60 }, () => "}h\x05");
    const nested = bytes(name, ...inner, tensor(), "s".repeat(60));
    expect(await measured(pth(tuple(nested)))).toEqual(refused("4096 characters, got 62914621"));
  });

  test("lengths beyond the file, and without an end", async () => {
    for (const piece of [
      bytes("X", u32(2 ** 32 - 1)),
      bytes("B", u32(2 ** 31)),
      bytes("T", u32(2 ** 31)),
      bytes("\x95", u32(0), u32(2 ** 31)),
      bytes("c", "x".repeat(5000)),
    ]) {
      expect(await measured(pth(piece))).toEqual(refused(""));
      expect(await measured(legacyPth(piece))).toEqual(refused(""));
    }
    expect(await measured(legacyPth(list(repeated("N", 3 * mib))).subarray(0, 2 * mib))).toEqual(
      refused("an end within one"),
    );
  });
});

describe("headers of safetensors", () => {
  function file(json: string): Buffer {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    return bytes(length, json);
  }

  test.each([
    ["objects", `{"a":[${"{},".repeat(600_000)}{}]}`],
    ["arrays", `{"a":[${"[],".repeat(600_000)}[]]}`],
    ["deep arrays", `{"a":${"[".repeat(900_000)}${"]".repeat(900_000)}}`],
    ["numbers", `{"a":{"dtype":"F32","shape":[${"1,".repeat(900_000)}1],"data_offsets":[0,4]}}`],
    [
      "empty tensors",
      `{${Array.from({ length: 9_000 }, (_, i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join()}}`,
    ],
  ])("%s", async (_what, json) => {
    await measured(file(json));
  });
});
