import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { dataCommand } from "../../../lib/cli/data.js";
import { runCommand } from "../../support/program.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, writeDevkit } from "../../support/voc.js";

const run = (...words: string[]) => runCommand(dataCommand, "data", ...words);

beforeEach(() => {
  vi.stubEnv("SSD_DISTILL_CACHE", temporaryFolder());
});

describe("data pack", () => {
  test("writes the file where it is told, or where training looks for it", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat], b: [dog] });
    const out = temporaryFolder();
    const told = await run("pack", `voc:${dir}`, "--out", out, "--json");
    const { path, items, problems } = JSON.parse(told.out);
    expect(path.startsWith(out)).toBe(true);
    expect((await readFile(path)).toString("latin1", 0, 8)).toBe("SSDPACK1");
    expect([items, problems]).toEqual([2, []]);
    const other = await run("pack", `voc:${dir}`);
    expect(other.out).toMatch(/^2 pictures in .*packs.[0-9a-f]{64}\.pack\n$/);
    expect(other.out).toContain(process.env.SSD_DISTILL_CACHE);
  });

  test("fails on a picture that cannot be decoded", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat] });
    await writeFile(join(dir, "JPEGImages", "a.jpg"), "no picture");
    const { error } = await run("pack", `voc:${dir}`, "--out", temporaryFolder());
    expect(error).toMatchObject({ code: "BAD_DATA", message: expect.stringContaining("a.jpg") });
  });
});
