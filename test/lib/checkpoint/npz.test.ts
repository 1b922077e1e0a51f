import { expect, test } from "vitest";
import { openWeights } from "../../../lib/checkpoint/weights.js";
import { bytes, counting } from "../../support/pickle.js";
import { failure } from "../../support/small.js";
import { weightFile } from "../../support/weight-files.js";
import { zip } from "../../support/zip.js";

/** An array as a file of its own. */
function npy(header: string, data: Uint8Array, version = 1): Buffer {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(Buffer.byteLength(header), 0, length.length);
  return bytes("\x93NUMPY", Buffer.from([version, 0]), length, Buffer.from(header), data);
}

function header(shape: string, descr = "<f4", fortran = "False"): string {
  return `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
}

async function read(arrays: Readonly<Record<string, Uint8Array>>, deflate = false) {
  const members = Object.entries(arrays).map(([name, data]) => ({ name, data, deflate }));
  const weights = await openWeights(await weightFile(zip(members)));
  try {
    const found: Record<string, unknown> = {};
    for (const [name, { dtype, shape, read }] of weights.tensors)
      found[name] = [dtype, shape, [...(await read())]];
    return { format: weights.format, found };
  } finally {
    await weights.close();
  }
}

const six = npy(header("(2, 3)", "|u1"), Buffer.from([0, 1, 2, 3, 4, 5]));

test("arrays by their names without the ending, in the archive's order", async () => {
  const scalar = npy(header("()"), Buffer.from([1, 2, 3, 4]));
  for (const deflate of [false, true]) {
    expect(await read({ "z.0.npy": six, "a/b.npy": scalar }, deflate)).toEqual({
      format: "npz",
      found: { "z.0": ["uint8", [2, 3], [0, 1, 2, 3, 4, 5]], "a/b": ["float32", [], [1, 2, 3, 4]] },
    });
  }
});

test("Fortran's order becomes row-major, from any place in memory", async () => {
  const fortran = npy(`${header("(2, 3)", "<f2", "True")} `, counting(12));
  for (const deflate of [false, true]) {
    const { found } = await read({ "a.npy": fortran }, deflate);
    expect(found).toEqual({ a: ["float16", [2, 3], [0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11]] });
  }
});

test("headers of every version, and longer than what is read at first", async () => {
  for (const version of [1, 2, 3]) {
    const padded = `${header("(2,)", "|b1").trim()}${" ".repeat(900)}\n`;
    const long = npy(padded, Buffer.from([1, 0]), version);
    for (const deflate of [false, true])
      expect((await read({ "a.npy": long }, deflate)).found).toEqual({ a: ["bool", [2], [1, 0]] });
  }
});

test("bytes are held to the checksum, those of an array without elements too", async () => {
  for (const data of [six, npy(header("(0, 3)"), Buffer.alloc(0))]) {
    for (const deflate of [false, true]) {
      const file = await weightFile(zip([{ name: "a.npy", data, deflate, crc: 1 }]));
      const weights = await openWeights(file);
      await expect(weights.tensors.get("a")!.read()).rejects.toEqual(
        failure("BAD_CHECKPOINT", file, "a.npy", "CRC-32", "damaged"),
      );
      await weights.close();
    }
  }
});

test.each<[string, Uint8Array, string[]]>([
  [
    "an array of objects",
    npy(header("(1,)", "|O"), Buffer.alloc(8)),
    ["array a", "Python objects"],
  ],
  ["texts", npy(header("(1,)", "<U3"), Buffer.alloc(12)), ["<f2, <f4", "got <U3"]],
  ["bytes too few", npy(header("(2,)"), Buffer.alloc(7)), ["for [2]"]],
  ["bytes too many", npy(header("(2,)"), Buffer.alloc(9)), ["for [2]"]],
  ["nothing", Buffer.alloc(0), ["an array of NumPy"]],
  ["a header cut short", six.subarray(0, 40), ["whole header"]],
  ["another file", Buffer.from("something else"), ["an array of NumPy"]],
])("%s is refused", async (_what, data, parts) => {
  for (const deflate of [false, true]) {
    const file = await weightFile(zip([{ name: "a.npy", data, deflate }]));
    await expect(openWeights(file)).rejects.toEqual(failure("BAD_CHECKPOINT", file, ...parts));
  }
});

test("an archive of other things beside arrays is none", async () => {
  const file = await weightFile(zip([{ name: "a.npy", data: six }, { name: "b.txt" }]));
  await expect(openWeights(file)).rejects.toEqual(failure("BAD_CHECKPOINT", "2 other members"));
});
