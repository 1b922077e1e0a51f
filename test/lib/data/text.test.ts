import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { linesOf, readText } from "../../../lib/data/text.js";
import { temporaryFolder } from "../../support/temporary.js";

async function written(bytes: Uint8Array | string): Promise<string> {
  const file = join(temporaryFolder(), "a.txt");
  await writeFile(file, bytes);
  return file;
}

describe("readText", () => {
  const text = "K\u00e4se \u{1F9C0}\r\n";
  const little = Buffer.from(`\uFEFF${text}`, "utf16le");

  test.each([
    ["UTF-8", text],
    ["UTF-8 with a mark", `\uFEFF${text}`],
    ["UTF-16, little end first", little],
    ["UTF-16, big end first", Buffer.from(little).swap16()],
    ["nothing", ""],
  ])("%s", async (_, bytes) => {
    expect(await readText(await written(bytes))).toBe(bytes === "" ? "" : text);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["Latin-1", Buffer.from(text.slice(0, 4), "latin1"), /bytes that are not UTF-8/],
    ["UTF-16 without a mark", Buffer.from("\u00e4\u00f6", "utf16le"), /bytes that are not UTF-8/],
    ["half a UTF-16 letter", little.subarray(0, 7), /bytes that are not UTF-16LE/],
    ["more than the limit", Buffer.alloc(21), /21 bytes, more than the 20 that are read/],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(readText(await written(bytes), 20)).rejects.toThrow(message);
  });

  test("what is not there keeps its code", async () => {
    await expect(readText(join(temporaryFolder(), "x"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

test("linesOf: trimmed, of any ending, none of them blank", () => {
  expect(linesOf(" a b\t\r\n\r\n\n  \rc\rd")).toEqual(["a b", "c", "d"]);
  expect(linesOf("\n")).toEqual([]);
});
