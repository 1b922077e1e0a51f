import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openWeights } from "../../../lib/checkpoint/weights.js";
import {
  bytes,
  call,
  counting,
  dict,
  global,
  int,
  ints,
  legacyPth,
  list,
  pickle,
  pth,
  storage,
  tensor,
  text,
  tuple,
} from "../../support/pickle.js";
import { failure } from "../../support/small.js";
import { weightFile, weightFolder } from "../../support/weight-files.js";
import { unzip, zip } from "../../support/zip.js";

/** Tensors of a file by name, as shape and bytes. */
async function read(content: Uint8Array): Promise<Record<string, unknown>> {
  const weights = await openWeights(await weightFile(content));
  try {
    const found: Record<string, unknown> = {};
    for (const [name, entry] of weights.tensors)
      found[name] = { dtype: entry.dtype, shape: entry.shape, data: [...(await entry.read())] };
    return found;
  } finally {
    await weights.close();
  }
}

async function refusal(content: Uint8Array, ...parts: string[]): Promise<void> {
  const file = await weightFile(content);
  const all = async () => {
    const weights = await openWeights(file);
    try {
      for (const entry of weights.tensors.values()) await entry.read();
    } finally {
      await weights.close();
    }
  };
  await expect(all()).rejects.toEqual(failure("BAD_CHECKPOINT", file, ...parts));
}

const four = { dtype: "float32", shape: [4], data: [...counting(16)] };

describe("archives", () => {
  test("a tensor, whatever the archive's name and whether it is deflated", async () => {
    const file = pth(dict({ a: tensor() }));
    expect(await read(file)).toEqual({ a: four });
    expect(await read(pth(dict({ a: tensor() }), undefined, {}, true))).toEqual({ a: four });
    const renamed = unzip(file).map(({ name, data }) => ({
      name: name.replace(/^a/, "x.y z"),
      data,
    }));
    expect(await read(zip(renamed))).toEqual({ a: four });
  });

  test("tensors that share a storage, also a deflated one", async () => {
    const value = dict({
      whole: tensor(),
      tail: tensor({ offset: 2, shape: [2] }),
      back: tensor({ shape: [2, 2], strides: [1, 2] }),
    });
    const expected = {
      whole: four,
      tail: { ...four, shape: [2], data: [8, 9, 10, 11, 12, 13, 14, 15] },
      back: {
        ...four,
        shape: [2, 2],
        data: [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15],
      },
    };
    expect(await read(pth(value))).toEqual(expected);
    expect(await read(pth(value, undefined, {}, true))).toEqual(expected);
  });

  test("what one tensor's bytes are made into leaves another's alone", async () => {
    const value = dict({ a: tensor(), b: tensor() });
    for (const deflate of [false, true]) {
      const weights = await openWeights(await weightFile(pth(value, undefined, {}, deflate)));
      const [a, b] = [weights.tensors.get("a")!, weights.tensors.get("b")!];
      (await a.read()).fill(9);
      expect([...(await b.read())]).toEqual(four.data);
      expect([...(await a.read())]).toEqual(four.data);
      await weights.close();
    }
  });

  test("a storage of bytes whose tensors have dtypes", async () => {
    const args = [int(1), ints([2]), ints([1]), "\x89", call("collections.OrderedDict")];
    const untyped = storage({ type: "torch.storage.UntypedStorage", count: 16 });
    const half = call("torch._utils._rebuild_tensor_v3", untyped, ...args, global("torch.float16"));
    expect(await read(pth(half))).toEqual({
      tensor: { dtype: "float16", shape: [2], data: [2, 3, 4, 5] },
    });
  });

  test("storages without elements are of any type at once", async () => {
    const empty = { count: 0, shape: [0] };
    const value = dict({ a: tensor(empty), b: tensor({ ...empty, type: "torch.LongStorage" }) });
    expect(await read(pth(value, { 0: Buffer.alloc(0) }))).toEqual({
      a: { dtype: "float32", shape: [0], data: [] },
      b: { dtype: "int64", shape: [0], data: [] },
    });
  });

  test("members that are no weights may be there, and may be damaged", async () => {
    const file = zip([
      ...unzip(pth(tensor())),
      { name: "a/.data/serialization_id", text: "1", crc: 2 },
    ]);
    expect(await read(file)).toEqual({ tensor: four });
  });

  test("the order of bytes, and the version", async () => {
    const value = tensor();
    expect(await read(pth(value, undefined, { byteorder: undefined }))).toEqual({ tensor: four });
    await refusal(
      pth(value, undefined, { byteorder: "big" }),
      "little-endian",
      "got byteorder big",
    );
    await refusal(pth(value, undefined, { byteorder: "" }), "little-endian");
    await refusal(pth(value, undefined, { version: "11" }), "from 1 to 10", "got 11");
    await refusal(pth(value, undefined, { version: undefined }), "got NaN");
    await refusal(pth(value, undefined, { version: "1".repeat(99) }), "a word, got 99 bytes");
  });

  test("TorchScript is refused with what to do instead", async () => {
    const records = { "constants.pkl": "", "code/__torch__.py": "" };
    await refusal(pth(tensor(), undefined, records), "TorchScript", "state_dict()");
    await refusal(pth(tensor(), undefined, { "code/a.py": "x" }), "TorchScript");
  });

  test.each<[string, Buffer, string[]]>([
    ["a storage that is missing", pth(tensor(), {}), ["a member a/data/0, got none"]],
    ["one that is too short", pth(tensor(), { 0: counting(12) }), ["16 bytes, got 12"]],
    ["one that is too long", pth(tensor(), { 0: counting(17) }), ["16 bytes, got 17"]],
    ["a view past its end", pth(tensor({ shape: [5] })), ["16 bytes", "ends at 20"]],
    ["one that begins past it", pth(tensor({ offset: 4, shape: [1] })), ["ends at 20"]],
    ["strides past it", pth(tensor({ shape: [2], strides: [2 ** 52] })), ["16 bytes"]],
    [
      "one storage as of two types",
      pth(list(tensor(), tensor({ type: "torch.IntStorage" }))),
      ["storage 0", "4 float32"],
    ],
    [
      "one storage of two sizes",
      pth(list(tensor(), tensor({ count: 3, shape: [3] }))),
      ["4 float32, got 3"],
    ],
    ["two values", pth("NN"), ["one value"]],
    ["two pickles", pth(bytes("N.", pickle("N"))), ["bytes behind it"]],
    [
      "no pickle",
      zip([{ name: "a/data.pkl" }, { name: "a/version", text: "3" }]),
      ["a whole pickle"],
    ],
    ["two folders", zip([{ name: "a/data.pkl" }, { name: "b/data.pkl" }]), ["one data.pkl, got 2"]],
    [
      "a part of a storage",
      pth(
        bytes(
          tuple(
            text("storage"),
            global("torch.FloatStorage"),
            text("0"),
            text("cpu"),
            int(4),
            tuple(text("1"), int(0), int(2)),
          ),
          "Q",
        ),
      ),
      ["a part of one"],
    ],
    ["an id that is a text", pth(bytes(text("storage"), "Q")), ["got a text"]],
    [
      "an id of a module",
      pth(bytes(tuple(text("module"), "NNN"), "Q")),
      ["the storage of a tensor, got a tuple"],
    ],
    [
      "an id without a class",
      pth(bytes(tuple(text("storage"), "N", text("0"), text("cpu"), int(4)), "Q")),
      ["storage of a tensor"],
    ],
    ["a negative count", pth(storage({ count: -4 })), ["storage of a tensor"]],
    [
      "a key that leaves the folder",
      pth(tensor({ key: "../../x" })),
      ["a member a/data/../../x, got none"],
    ],
  ])("%s is refused", async (_what, content, parts) => {
    await refusal(content, ...parts);
  });
});

describe("hostile pickles", () => {
  const folder = mkdtempSync(join(tmpdir(), "ssd-distill-"));
  const marker = join(folder, "marker");
  afterAll(() => rmSync(folder, { recursive: true }));

  const order = `touch ${marker}`;

  test.each<[string, Buffer | string, string]>([
    ["os.system", call("os.system", text(order)), "os.system"],
    ["posix.system", call("posix.system", text(order)), "posix.system"],
    ["eval", call("builtins.eval", text(`open("${marker}", "w")`)), "builtins.eval"],
    ["Python 2's eval", call("__builtin__.eval", text("1")), "__builtin__.eval"],
    ["INST", bytes("(", text(order), "ios\nsystem\n"), "os.system"],
    ["OBJ", bytes("(", global("os.system"), text(order), "o"), "os.system"],
    [
      "NEWOBJ",
      bytes(global("subprocess.Popen"), tuple(list(text("touch"), text(marker))), "\x81"),
      "subprocess.Popen",
    ],
    [
      "STACK_GLOBAL",
      bytes(text("posix"), text("system"), "\x93", tuple(text(order)), "R"),
      "posix.system",
    ],
    ["an extension", "\x82\x01", "0x82"],
    ["a lambda by its parts", call("types.FunctionType", "N"), "types.FunctionType"],
    [
      "state that runs",
      bytes(call("collections.OrderedDict"), "}", "b", global("os.system"), text(order), "\x85R"),
      "os.system",
    ],
    [
      "an id that is a call",
      bytes(
        tuple(text("storage"), call("os.system", text(order)), text("0"), text("cpu"), int(4)),
        "Q",
      ),
      "os.system",
    ],
    ["a name among tensors", list(tensor(), call("os.system", text(order))), "os.system"],
    [
      "a rebuild of its own",
      call(
        "torch._tensor._rebuild_from_type_v2",
        global("os.system"),
        "N",
        tuple(text(order)),
        "N",
      ),
      "os.system",
    ],
    ["torch.load", call("torch.load", text(marker)), "torch.load"],
  ])("%s is refused by name and not run", async (_what, pieces, name) => {
    await refusal(pth(pieces), name);
    await refusal(legacyPth(pieces), name);
    expect(existsSync(marker)).toBe(false);
  });

  test("of the same damage as PyTorch's own file", async () => {
    const members = unzip(readFileSync(join(weightFolder, "tensor.pth")));
    const evil = members.map(({ name, data }) =>
      name.endsWith("data.pkl")
        ? {
            name,
            data: bytes(
              Buffer.from(data).subarray(0, -1),
              "0",
              call("os.system", text(order)),
              ".",
            ),
          }
        : { name, data },
    );
    await refusal(zip(evil), "0x30");
    expect(existsSync(marker)).toBe(false);
  });
});
