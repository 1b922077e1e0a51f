import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeAtomically } from "../../../lib/checkpoint/atomic.js";
import { failure } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

describe("writing", () => {
  test("parts one after the other, in a folder that is made, over what was there", async () => {
    const file = join(temporaryFolder(), "new", "folder", "a.bin");
    await writeAtomically(file, ["ab", Uint8Array.of(99), "d"], "BAD_DATA");
    expect(await readFile(file, "utf8")).toBe("abcd");
    await writeAtomically(file, ["z"], "BAD_DATA");
    expect(await readFile(file, "utf8")).toBe("z");
    expect(await readdir(join(file, ".."))).toEqual(["a.bin"]);
  });

  test("readers and other writers see whole files only", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "a.txt");
    const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(200_000));
    await writeFile(file, texts[0]!);
    let writing = true;
    const seen: string[] = [];
    const watch = async () => {
      while (writing) seen.push(await readFile(file, "utf8"));
    };
    const watching = watch();
    await Promise.all(texts.map((text) => writeAtomically(file, [text], "BAD_DATA")));
    writing = false;
    await watching;
    expect(seen.length).toBeGreaterThan(0);
    for (const text of [...seen, await readFile(file, "utf8")]) {
      // Not toContain: a failure must not print megabytes.
      expect(texts.includes(text)).toBe(true);
    }
    expect(await readdir(folder)).toEqual(["a.txt"]);
  });
});

describe("failing", () => {
  test("where a folder is, it stays, and nothing is left behind", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "target");
    await mkdir(file);
    await writeFile(join(file, "inside"), "old");
    await expect(writeAtomically(file, ["new"], "BAD_CHECKPOINT")).rejects.toEqual(
      failure("BAD_CHECKPOINT", file),
    );
    expect(await readdir(folder)).toEqual(["target"]);
    expect(await readFile(join(file, "inside"), "utf8")).toBe("old");
  });

  test("below a regular file, which stays", async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, "file"), "old");
    const below = join(folder, "file", "deep", "a.bin");
    await expect(writeAtomically(below, ["new"], "BAD_OPTION")).rejects.toEqual(
      failure("BAD_OPTION", below),
    );
    expect(await readFile(join(folder, "file"), "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["file"]);
  });

  test("in the middle of writing: the old file stays, the temporary one goes", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "a.bin");
    await writeFile(file, "old");
    const broken = {} as Uint8Array;
    await expect(writeAtomically(file, ["new", broken], "BAD_CHECKPOINT")).rejects.toEqual(
      failure("BAD_CHECKPOINT", file),
    );
    expect(await readFile(file, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a.bin"]);
  });
});
