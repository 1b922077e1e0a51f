import { zip } from "./zip.js";

// Pickles by hand, an instruction a piece, and PyTorch's files around them.

type Piece = string | Uint8Array;

/** A pickle of protocol 2: pieces are bytes, or texts of characters up to 255. */
export function pickle(...pieces: Piece[]): Buffer {
  return bytes("\x80\x02", ...pieces, ".");
}

export function bytes(...pieces: Piece[]): Buffer {
  return Buffer.concat(
    pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece, "latin1") : piece)),
  );
}

export function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

/** Instructions that push a value. */
export function text(value: string): Buffer {
  const encoded = Buffer.from(value);
  return bytes("X", u32(encoded.length), encoded);
}

export function int(value: number | bigint): Buffer {
  if (value >= 0 && value < 2 ** 31) return bytes("J", u32(Number(value)));
  const out = Buffer.alloc(10, "\x8a\x08", "latin1");
  out.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), 2);
  return out;
}

export function tuple(...items: Piece[]): Buffer {
  return bytes("(", ...items, "t");
}

export function ints(values: readonly number[]): Buffer {
  return tuple(...values.map(int));
}

export function list(...items: Piece[]): Buffer {
  return bytes("](", ...items, "e");
}

export function dict(entries: Readonly<Record<string, Piece>>): Buffer {
  return bytes("}(", ...Object.entries(entries).flatMap(([key, item]) => [text(key), item]), "u");
}

export function global(name: string): string {
  const at = name.lastIndexOf(".");
  return `c${name.slice(0, at)}\n${name.slice(at + 1)}\n`;
}

/** A call of a function by its name. */
export function call(name: string, ...args: Piece[]): Buffer {
  return bytes(global(name), tuple(...args), "R");
}

export interface TensorSpec {
  key?: string;
  type?: string;
  /** Elements of the storage. */
  count?: number;
  offset?: number;
  shape?: readonly number[];
  strides?: readonly number[];
}

export function storage({ key = "0", type = "torch.FloatStorage", count = 4 }: TensorSpec = {}) {
  return bytes(tuple(text("storage"), global(type), text(key), text("cpu"), int(count)), "Q");
}

/** A tensor of a storage; by default four float32 in a row. */
export function tensor(spec: TensorSpec = {}): Buffer {
  const { offset = 0, shape = [4], strides = [1] } = spec;
  const hooks = call("collections.OrderedDict");
  const view = [int(offset), ints(shape), ints(strides), "\x89", hooks];
  return call("torch._utils._rebuild_tensor_v2", storage(spec), ...view);
}

/** Bytes that are all different. */
export function counting(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => i % 251));
}

/** A ZIP file of PyTorch: the pickle of a value, and the bytes of its storages. */
export function pth(
  value: Piece,
  storages: Readonly<Record<string, Uint8Array>> = { 0: counting(16) },
  records: Readonly<Record<string, string | undefined>> = {},
  deflate = false,
): Buffer {
  const small = { byteorder: "little", version: "3\n", ...records };
  return zip([
    { name: "a/data.pkl", data: pickle(value), deflate },
    ...Object.entries(small)
      .filter(([, text]) => text !== undefined)
      .map(([name, text]) => ({ name: `a/${name}`, text })),
    ...Object.entries(storages).map(([key, data]) => ({ name: `a/data/${key}`, data, deflate })),
  ]);
}

/** A file as PyTorch wrote it before: storages of bytes, by key with their number of elements. */
export function legacyPth(
  value: Piece,
  storages: readonly (readonly [key: string, count: number, data: Uint8Array])[] = [
    ["0", 4, counting(16)],
  ],
): Buffer {
  const magic = Buffer.from("6cfc9c46f9206aa85019", "hex");
  const count = (value: number) => bytes(u32(value), u32(0));
  return bytes(
    pickle("\x8a\x0a", magic),
    pickle("M\xe9\x03"),
    pickle(dict({ little_endian: "\x88" })),
    pickle(value),
    pickle(list(...storages.map(([key]) => text(key)))),
    ...storages.flatMap(([, size, data]) => [count(size), data]),
  );
}
