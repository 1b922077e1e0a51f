import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  openSafetensors,
  parseSafetensors,
  readSafetensors,
  type StoredTensor,
  writeSafetensors,
} from "../../../lib/checkpoint/safetensors.js";
import { Source } from "../../../lib/checkpoint/source.js";
import { SsdError } from "../../../lib/errors.js";
import { type DType, dtypeBytes } from "../../../lib/native-engine.js";
import { failure } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

const dtypes = Object.keys(dtypeBytes) as DType[];

const tensor = fc
  .record({
    name: fc.string().filter((name) => name !== "__metadata__"),
    dtype: fc.constantFrom(...dtypes),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
  })
  .chain((head) => {
    const length = head.shape.reduce((product, side) => product * side, dtypeBytes[head.dtype]);
    const bytes = fc.uint8Array({ minLength: length, maxLength: length });
    return bytes.map((data): StoredTensor => ({ ...head, data }));
  });

const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 });

function plain({ name, dtype, shape, data }: StoredTensor) {
  return { name, dtype, shape, data: [...data] };
}

function byName(a: StoredTensor, b: StoredTensor): number {
  return a.name < b.name ? -1 : 1;
}

/** A file of a header, as an object or as text, and tensor bytes. */
function fileOf(header: unknown, data = Buffer.alloc(0), length?: number): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(length ?? text.length));
  return Buffer.concat([start, text, data]);
}

function floats(begin: number, stop: number, shape = [(stop - begin) / 4]) {
  return { dtype: "F32", shape, data_offsets: [begin, stop] };
}

describe("round trip", () => {
  test("any names, dtypes, shapes and bytes come back", async () => {
    const file = join(temporaryFolder(), "a.safetensors");
    const texts = fc.dictionary(fc.string(), fc.string());
    await fc.assert(
      fc.asyncProperty(tensors, texts, async (list, metadata) => {
        await writeSafetensors(file, list, metadata);
        const read = await readSafetensors(file);
        const back = [...read.tensors.values()].sort(byName).map(plain);
        expect(back).toEqual([...list].sort(byName).map(plain));
        expect(read.metadata).toEqual({ ...metadata, sha256: expect.stringMatching(/^\w{64}$/) });
      }),
      { numRuns: 60 },
    );
  });

  test.each(dtypes)("%s, with elements and without", async (dtype) => {
    const file = join(temporaryFolder(), "a.safetensors");
    const data = Uint8Array.from({ length: 6 * dtypeBytes[dtype] }, (_, i) => i * 41);
    const list = [
      { name: "none before", dtype, shape: [0, 5], data: new Uint8Array() },
      { name: "some", dtype, shape: [2, 3], data },
      { name: "none after", dtype, shape: [0], data: new Uint8Array() },
      { name: "scalar", dtype, shape: [], data: data.slice(0, dtypeBytes[dtype]) },
    ];
    await writeSafetensors(file, list, {});
    const read = await readSafetensors(file);
    expect([...read.tensors.values()].map(plain)).toEqual(list.map(plain));
  });

  test("tensor bytes begin at a multiple of eight, as readers that map files want it", async () => {
    const file = join(temporaryFolder(), "a.safetensors");
    for (const name of ["a", "ab", "abc", "ä"]) {
      const data = Uint8Array.of(1, 2, 3, 4);
      await writeSafetensors(file, [{ name, dtype: "float32", shape: [1], data }], {});
      const { tensors } = await readSafetensors(file);
      const found = tensors.get(name)!.data;
      expect(Buffer.from(found).toJSON().data).toEqual([1, 2, 3, 4]);
      expect(found.byteOffset % 8).toBe(0);
    }
  });

  test("a file as others write it: no checksum, offsets in another order than names", () => {
    const data = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
    const header = { a: floats(4, 8), b: floats(0, 4), __metadata__: { format: "pt" } };
    const { tensors, metadata } = parseSafetensors(fileOf(header, data), "x");
    expect([...tensors.get("a")!.data]).toEqual([5, 6, 7, 8]);
    expect([...tensors.get("b")!.data]).toEqual([1, 2, 3, 4]);
    expect(metadata).toEqual({ format: "pt" });
    expect(parseSafetensors(fileOf({}), "x").tensors.size).toBe(0);
  });
});

test("names as JavaScript has them for other things", async () => {
  const file = join(temporaryFolder(), "a.safetensors");
  const names = ["__proto__", "constructor", "hasOwnProperty", "sha256", "0", ""];
  const data = Uint8Array.of(1, 2, 3, 4);
  const list = names.map((name): StoredTensor => ({ name, dtype: "float32", shape: [1], data }));
  await writeSafetensors(file, list, { constructor: "a", toString: "b" });
  const read = await readSafetensors(file);
  expect([...read.tensors.keys()].sort()).toEqual([...names].sort());
  expect(Object.keys(read.metadata).sort()).toEqual(["constructor", "sha256", "toString"]);
});

describe("read one by one", () => {
  async function opened(list: readonly StoredTensor[]) {
    const file = join(temporaryFolder(), "a.safetensors");
    await writeSafetensors(file, list, { note: "x" });
    return { file, source: await Source.open(file) };
  }

  test("the same as all at once", async () => {
    await fc.assert(
      fc.asyncProperty(tensors, async (list) => {
        const { file, source } = await opened(list);
        const whole = await readSafetensors(file);
        const lazy = await openSafetensors(source);
        expect(lazy.metadata).toEqual(whole.metadata);
        expect([...lazy.tensors.keys()]).toEqual([...whole.tensors.keys()]);
        for (const [name, { dtype, shape, read }] of lazy.tensors)
          expect(plain({ name, dtype, shape: [...shape], data: await read() })).toEqual(
            plain(whole.tensors.get(name)!),
          );
        await source.close();
      }),
      { numRuns: 20 },
    );
  });

  test("damage anywhere is found by any tensor", async () => {
    const data = new Uint8Array(64);
    const list = ["a", "b"].map(
      (name): StoredTensor => ({ name, dtype: "uint8", shape: [64], data }),
    );
    const { file, source } = await opened(list);
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file, bytes);
    const { tensors } = await openSafetensors(source);
    for (const name of ["a", "b", "a"])
      await expect(tensors.get(name)!.read()).rejects.toEqual(
        failure("BAD_CHECKPOINT", file, "sha256", "damaged"),
      );
    await source.close();
  });
});

describe("damage", () => {
  async function sound(): Promise<{ file: string; bytes: Buffer; start: number }> {
    const file = join(temporaryFolder(), "sound.safetensors");
    const data = Uint8Array.from({ length: 4096 }, (_, i) => (i * 37) % 251);
    const list: StoredTensor[] = [
      { name: "first", dtype: "float32", shape: [512], data: data.slice(0, 2048) },
      { name: "second", dtype: "uint8", shape: [2, 1024], data: data.slice(2048) },
    ];
    await writeSafetensors(file, list, { note: "x".repeat(500) });
    const bytes = await readFile(file);
    return { file, bytes, start: 8 + Number(bytes.readBigUInt64LE()) };
  }

  test("a file cut at any place is refused by name", async () => {
    const { file, bytes } = await sound();
    const bad = failure("BAD_CHECKPOINT", file);
    for (let at = 0; at < bytes.length; at += 97) {
      await writeFile(file, bytes.subarray(0, at));
      await expect(readSafetensors(file), `cut at ${at}`).rejects.toEqual(bad);
    }
    await writeFile(file, bytes.subarray(0, -1));
    await expect(readSafetensors(file)).rejects.toEqual(bad);
  });

  test("bytes too many are refused", async () => {
    const { bytes } = await sound();
    expect(() => parseSafetensors(Buffer.concat([bytes, Buffer.alloc(1)]), "f")).toThrow(
      failure("BAD_CHECKPOINT", "f", "4096 bytes", "4097"),
    );
  });

  test("any bit flipped in the tensor bytes is found by the checksum", async () => {
    const { bytes, start } = await sound();
    const places = fc.record({
      at: fc.integer({ min: start, max: bytes.length - 1 }),
      bit: fc.nat(7),
    });
    fc.assert(
      fc.property(places, ({ at, bit }) => {
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= 1 << bit;
        expect(() => parseSafetensors(damaged, "f")).toThrow(
          failure("BAD_CHECKPOINT", "f", "sha256", "damaged"),
        );
      }),
    );
  });

  const data = Buffer.alloc(16);
  const cases: [string, Buffer, string][] = [
    ["an empty file", Buffer.alloc(0), "0 bytes"],
    ["a header longer than the file", fileOf({}, data, 1000), "length of 1000"],
    ["a header length beyond all numbers", Buffer.alloc(32, 0xff), "length of"],
    ["no JSON", fileOf("{nonsense}"), "JSON"],
    ["something else than an object", fileOf("[]"), "header"],
    ["a hole", fileOf({ a: floats(0, 4), b: floats(8, 16) }, data), "b at byte 4, got 8"],
    ["an overlap", fileOf({ a: floats(0, 8), b: floats(4, 16) }, data), "b at byte 8, got 4"],
    ["a start that is not 0", fileOf({ a: floats(4, 16) }, data), "a at byte 0, got 4"],
    ["a twin", fileOf({ a: floats(0, 16), b: floats(0, 16) }, data), "b at byte 16, got 0"],
    ["extents of other bytes", fileOf({ a: floats(0, 16, [2]) }, data), "8 bytes for [2]"],
    ["an end before the start", fileOf({ a: floats(8, 0, [0]) }, data), "got -8"],
    ["an end past the data", fileOf({ a: floats(0, 32) }, data), "32 bytes for a, got 16"],
    ["a negative extent", fileOf({ a: floats(0, 16, [-4]) }, data), "shape of integers"],
    ["a fraction as extent", fileOf({ a: floats(0, 16, [4.5]) }, data), "shape of integers"],
    ["a negative offset", fileOf({ a: floats(-4, 0, [1]) }, data), "integer offsets"],
    ["no offsets", fileOf({ a: { dtype: "F32", shape: [4] } }, data), "integer offsets"],
    ["an unknown dtype", fileOf({ a: { ...floats(0, 16), dtype: "F8" } }, data), "dtype, got F8"],
    ["a tensor that is null", fileOf({ a: null }, data), "dtype"],
    ["two tensors that are null", fileOf({ a: null, b: null }, data), "dtype"],
    ["metadata that is null", fileOf({ __metadata__: null }), "metadata"],
    ["metadata that is no text", fileOf({ __metadata__: { sha256: 1 } }), "metadata"],
    ["metadata that are a list", fileOf({ __metadata__: ["a"] }), "metadata"],
    ["a dtype that is no text", fileOf({ a: { dtype: { toString: 1 } } }), 'got {"toString":1}'],
    ["extents beyond all numbers", fileOf({ a: floats(0, 16, [2 ** 52, 2 ** 52]) }, data), "shape"],
    ["extents hidden by a zero", fileOf({ a: floats(0, 0, [0, 2 ** 52]) }), "shape"],
    ["too many extents", fileOf({ a: floats(0, 16, [4, ...Array(64).fill(1)]) }, data), "shape"],
    ["a name of several lines", fileOf({ "a\nb": null }), "tensor a�b"],
    ["a name without end", fileOf({ ["x".repeat(5000)]: null }), `${"x".repeat(100)}…`],
    ["a wrong __proto__", fileOf('{"__proto__":{"dtype":"F8"}}'), "tensor __proto__"],
    ["another checksum", fileOf({ __metadata__: { sha256: "0" } }), "sha256 0"],
  ];
  test.each(cases)("%s", (_what, bytes, part) => {
    expect(() => parseSafetensors(bytes, "weights.st")).toThrow(
      failure("BAD_CHECKPOINT", "weights.st", part),
    );
  });

  test("a file that cannot be read", async () => {
    const folder = temporaryFolder();
    await expect(readSafetensors(folder)).rejects.toEqual(failure("BAD_CHECKPOINT", folder));
    const none = join(folder, "none");
    await expect(readSafetensors(none)).rejects.toEqual(failure("BAD_CHECKPOINT", none, "ENOENT"));
  });

  test("whatever the bytes are, there is a result or a BAD_CHECKPOINT", () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(fc.integer({ min: -1, max: 9 })),
    );
    const entry = fc.record(
      { dtype: fc.oneof(fc.constant("U8"), value), shape: value, data_offsets: value },
      { requiredKeys: [] },
    );
    const header = fc.dictionary(
      fc.oneof(fc.constant("__metadata__"), fc.string()),
      fc.oneof(entry, value),
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array)),
      header.map((object) => fileOf(object, Buffer.alloc(4))),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        try {
          parseSafetensors(input, "f");
        } catch (error) {
          expect(error).toBeInstanceOf(SsdError);
          expect(error).toMatchObject({ code: "BAD_CHECKPOINT" });
        }
      }),
      { numRuns: 500 },
    );
  });
});
