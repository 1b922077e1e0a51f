import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { expect, test } from "vitest";
import { makeWhole } from "../../../lib/data/whole.js";
import { temporaryFolder } from "../../support/temporary.js";

test("the path appears when it is whole, and nothing else stays", async () => {
  const dir = temporaryFolder();
  const path = join(dir, "a");
  const result = await makeWhole(path, async (temporary) => {
    await writeFile(temporary, "half");
    expect(await readdir(dir)).not.toContain("a");
    await writeFile(temporary, "whole");
    return 7;
  });
  expect(result).toBe(7);
  expect(await readFile(path, "utf8")).toBe("whole");
  expect(await readdir(dir)).toEqual(["a"]);
});

test("a failure leaves what was there, and nothing else", async () => {
  const dir = temporaryFolder();
  await writeFile(join(dir, "a"), "old");
  const failing = makeWhole(join(dir, "a"), async (temporary) => {
    await mkdir(temporary);
    await writeFile(join(temporary, "x"), "new");
    throw new Error("no more");
  });
  await expect(failing).rejects.toThrow("no more");
  expect(await readdir(dir)).toEqual(["a"]);
  expect(await readFile(join(dir, "a"), "utf8")).toBe("old");
});

test("a process that ends in between leaves nothing", async () => {
  const dir = temporaryFolder();
  const source = new URL("../../../lib/data/whole.ts", import.meta.url);
  // Node 20 reads JavaScript alone.
  const { outputText: text } = ts.transpileModule(await readFile(source, "utf8"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const program = `${text}
    import { writeFileSync, readdirSync } from "node:fs";
    await makeWhole(${JSON.stringify(join(dir, "a"))}, async (temporary) => {
      writeFileSync(temporary, "half");
      console.log(readdirSync(${JSON.stringify(dir)}).length);
      process.exit(3);
    });`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  await expect(run).rejects.toMatchObject({ code: 3, stdout: "1\n" });
  expect(await readdir(dir)).toEqual([]);
});
