import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { inspectWeights } from "../../../lib/index.js";
import { counting, dict, pth, tensor } from "../../support/pickle.js";
import { failure } from "../../support/small.js";
import { weightFile } from "../../support/weight-files.js";
import { unzip, zip } from "../../support/zip.js";

const content = pth(dict({ b: tensor(), a: tensor({ shape: [2, 2], strides: [1, 2] }) }));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test("format and tensors in the order of the file, digests of row-major bytes", async () => {
  const transposed = Buffer.from([0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15]);
  expect(await inspectWeights(await weightFile(content))).toEqual({
    format: "pth",
    tensors: [
      { name: "b", shape: [4], dtype: "float32", sha256: sha256(counting(16)) },
      { name: "a", shape: [2, 2], dtype: "float32", sha256: sha256(transposed) },
    ],
  });
});

test("damage of a tensor is found, and the file is closed", async () => {
  const members = unzip(content).map((member) =>
    member.name === "a/data/0" ? { ...member, crc: 1 } : member,
  );
  const file = await weightFile(zip(members));
  const open = readdirSync("/proc/self/fd").length;
  await expect(inspectWeights(file)).rejects.toEqual(failure("BAD_CHECKPOINT", file, "CRC-32"));
  expect(readdirSync("/proc/self/fd")).toHaveLength(open);
});
