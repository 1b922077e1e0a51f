import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unpackArchive } from "../../../lib/libtorch/unpack.js";
import { libtorchZip, torchWheel } from "../../support/libtorch.js";
import { temporaryFolder } from "../../support/temporary.js";
import { type ZipMember, zip } from "../../support/zip.js";

async function unpack(content: Buffer, signal?: AbortSignal): Promise<string> {
  const folder = temporaryFolder();
  const archive = join(folder, "archive.zip");
  writeFileSync(archive, content);
  await unpackArchive(archive, join(folder, "tree"), signal);
  return join(folder, "tree");
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

test("of a LibTorch ZIP libraries, headers and version come out", async () => {
  const tree = await unpack(zip(libtorchZip()));
  expect(filesOf(tree)).toEqual(["build-version", "include/torch/torch.h", "lib/libtorch.so"]);
  expect(readFileSync(join(tree, "lib/libtorch.so"), "utf8")).toBe("library");
});

test("of a wheel likewise, and no Python", async () => {
  const tree = await unpack(zip(torchWheel()));
  expect(filesOf(tree)).toEqual(["include/torch/torch.h", "lib/libtorch.so", "version.py"]);
});

const bad: [string, ZipMember, RegExp][] = [
  ["a name with ..", { name: "libtorch/lib/../../../x.so" }, /invalid relative path/],
  ["a name with .. elsewhere", { name: "../x" }, /invalid relative path/],
  ["an absolute name", { name: "/etc/x" }, /absolute path/],
  ["backslashes", { name: "libtorch\\lib\\..\\..\\..\\x" }, /invalid relative path/],
  ["a link", { name: "libtorch/lib/x", text: "/etc", mode: 0o120777 }, /is a symbolic link/],
  ["a wrong checksum", { name: "libtorch/lib/x", text: "x", crc: 1 }, /does not fit its checksum/],
  ["a name twice", { name: "libtorch/lib/libtorch.so", text: "y" }, /EEXIST/],
];

test.each(bad)("an archive with %s is refused", async (_what, member, message) => {
  await expect(unpack(zip([...libtorchZip(), member]))).rejects.toThrow(message);
});

test("a cut archive is refused wherever it is cut", async () => {
  const whole = zip(libtorchZip());
  for (const length of [0, 10, whole.length / 2, whole.length - 30, whole.length - 1]) {
    await expect(unpack(whole.subarray(0, length))).rejects.toThrow();
  }
});

test("a signal stops it", async () => {
  await expect(unpack(zip(libtorchZip()), AbortSignal.abort())).rejects.toThrow(/abort/);
});
