import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inspectWeights } from "../../../lib/checkpoint/inspect.js";
import { writeSafetensors } from "../../../lib/checkpoint/safetensors.js";
import { openWeights } from "../../../lib/checkpoint/weights.js";
import { bytes, counting, legacyPth, pickle, pth, tensor } from "../../support/pickle.js";
import { pythonWith } from "../../support/python.js";
import { failure } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { readManifest, weightFile, weightFolder } from "../../support/weight-files.js";

describe("what PyTorch and NumPy wrote", () => {
  test.each(Object.entries(readManifest().files))("%s", async (name, expected) => {
    expect(await inspectWeights(join(weightFolder, name))).toEqual(expected);
  });
});

const python = pythonWith("torch, numpy");
const seed = Number(process.env.SSD_DISTILL_SEED ?? 1 + Math.floor(Math.random() * 1e9));

const title = `what they write now, SSD_DISTILL_SEED=${seed}`;
describe.skipIf(python === undefined)(
  python === undefined ? `${title} (skipped: no Python with torch)` : title,
  () => {
    test("every file, of numbers that nobody has seen", async () => {
      const folder = temporaryFolder();
      const script = join(weightFolder, "../../../scripts/golden/weight_files.py");
      execFileSync(python!, [script, "--out", folder, "--seed", String(seed)], { stdio: "ignore" });
      const { files } = readManifest(folder);
      expect(Object.keys(files)).toEqual(Object.keys(readManifest().files));
      for (const [name, expected] of Object.entries(files))
        expect(await inspectWeights(join(folder, name)), name).toEqual(expected);
    });
  },
);

describe("the format is told by the content", () => {
  async function formatOf(content: Uint8Array, name: string): Promise<string> {
    const weights = await openWeights(await weightFile(content, name));
    await weights.close();
    return weights.format;
  }

  test("whatever the name", async () => {
    expect(await formatOf(pth(tensor()), "a.npz")).toBe("pth");
    expect(await formatOf(legacyPth(tensor()), "a.safetensors")).toBe("pth");
    expect(await formatOf(bytes("\x02\0\0\0\0\0\0\0{}"), "a.pth")).toBe("safetensors");
  });

  test("a header whose length looks like another format", async () => {
    for (const length of [0x80, 0x280]) {
      const start = Buffer.alloc(8);
      start.writeBigUInt64LE(BigInt(length));
      expect(await formatOf(bytes(start, "{}".padEnd(length)), "a")).toBe("safetensors");
    }
  });

  test.each<[string, Buffer, string[]]>([
    ["nothing", Buffer.alloc(0), ["got 0 bytes"]],
    [
      "text",
      Buffer.from("a text that is\nno weights"),
      ["safetensors, .npz or PyTorch's .pth", "begin with a text"],
    ],
    [
      "a header longer than the file",
      bytes("\xff\xff\0\0\0\0\0\0{}"),
      ["65535 in 10 bytes", "cut short?"],
    ],
    [
      "a tar archive of PyTorch 0.1",
      bytes("storages".padEnd(257, "\0"), "ustar\0".padEnd(300, "\0")),
      ["PyTorch 0.1"],
    ],
    ["a single array", bytes("\x93NUMPY\x01\0"), [".npy", "np.savez"]],
    ["a pickle of something else", pickle("N"), ["magic number"]],
    ["a half of a pickle", bytes("\x80\x02\x8a\x0a"), ["cut short?"]],
    [
      "an archive of something else",
      Buffer.from("PK\x05\x06".padEnd(22, "\0"), "latin1"),
      ["0 other members"],
    ],
    ["an archive that is none", bytes("PK\x03\x04"), ["sound ZIP"]],
  ])("%s is none", async (_what, content, parts) => {
    const file = await weightFile(content);
    await expect(openWeights(file)).rejects.toEqual(failure("BAD_CHECKPOINT", file, ...parts));
  });

  test("neither is a folder, nor what is not there", async () => {
    const folder = temporaryFolder();
    await expect(openWeights(folder)).rejects.toEqual(failure("BAD_CHECKPOINT", folder));
    const none = join(folder, "none.pth");
    await expect(openWeights(none)).rejects.toEqual(failure("BAD_CHECKPOINT", none, "ENOENT"));
  });
});

describe("an open file", () => {
  async function safetensors(): Promise<string> {
    const file = join(temporaryFolder(), "a.safetensors");
    const list = [
      { name: "b", dtype: "int32" as const, shape: [2], data: counting(8) },
      { name: "a", dtype: "uint8" as const, shape: [3], data: counting(3) },
    ];
    await writeSafetensors(file, list, { note: "hello" });
    return file;
  }

  test("has what a safetensors file says about itself, and tensors in their order", async () => {
    const file = await safetensors();
    const weights = await openWeights(file);
    expect(weights).toMatchObject({ file, format: "safetensors", metadata: { note: "hello" } });
    expect([...weights.tensors.keys()]).toEqual(["b", "a"]);
    const b = weights.tensors.get("b")!;
    expect([b.name, b.dtype, b.shape]).toEqual(["b", "int32", [2]]);
    const [first, second] = await Promise.all([b.read(), b.read()]);
    expect([[...first], [...second]]).toEqual([[...counting(8)], [...counting(8)]]);
    await weights.close();
  });

  test("reads tensors at once, in any order", async () => {
    const weights = await openWeights(join(weightFolder, "views.pth"));
    const all = [...weights.tensors.values()];
    const [there, back] = await Promise.all([
      Promise.all(all.map((entry) => entry.read())),
      Promise.all(all.reverse().map((entry) => entry.read())),
    ]);
    expect(back.reverse()).toEqual(there);
    await weights.close();
  });

  test("reads nothing once it is closed, and is closed but once", async () => {
    for (const file of [
      await safetensors(),
      await weightFile(pth(tensor())),
      await weightFile(legacyPth(tensor())),
    ]) {
      const weights = await openWeights(file);
      const [entry] = weights.tensors.values();
      await weights.close();
      await weights.close();
      await expect(entry!.read()).rejects.toEqual(failure("DISPOSED", file));
    }
  });

  test("leaves nothing open, also when opening fails", async () => {
    const open = readdirSync("/proc/self/fd").length;
    for (const content of [pth(tensor()), pth("x"), legacyPth("x"), Buffer.alloc(3)]) {
      const file = await weightFile(content);
      await openWeights(file).then(
        (weights) => weights.close(),
        () => {},
      );
    }
    expect(readdirSync("/proc/self/fd")).toHaveLength(open);
  });
});
