import { join } from "node:path";
import { Command } from "commander";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { dataCommand } from "../../../lib/cli/data.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, writeDevkit } from "../../support/voc.js";

/** Runs the command; gives back what it printed on stdout and what it threw. */
async function run(...words: string[]): Promise<{ out: string; error: unknown }> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  dataCommand(program);
  let out = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    await program.parseAsync(["data", ...words], { from: "user" });
    return { out, error: undefined };
  } catch (error) {
    return { out, error };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

const degenerate = { ...cat, box: [5, 5, 5, 9] };

beforeEach(() => {
  vi.stubEnv("SSD_DISTILL_CACHE", temporaryFolder());
});

describe("data check", () => {
  test("one line a problem and a summary", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat, degenerate], b: [dog] });
    const { out, error } = await run("check", `voc:${dir}`);
    expect(error).toBeUndefined();
    expect(out.trimEnd().split("\n")).toEqual([
      `zero-area ${join(dir, "Annotations", "a.xml")}#1: "cat" at xmin 5, ymin 5, xmax 5, ymax 9 has no area; it is left out`,
      "2 pictures, 2 boxes",
      "2 classes: cat 1, dog 1",
      "1 problem: zero-area 1",
    ]);
  });

  test("--json prints one object, and nothing else", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat, degenerate], b: [dog] });
    const { out } = await run("check", `voc:${dir}`, "--json", "--classes", "dog, cat");
    expect(out.endsWith("\n") && out.trimEnd().split("\n").length === 1).toBe(true);
    expect(JSON.parse(out)).toEqual({
      items: 2,
      boxes: 2,
      classes: { dog: 1, cat: 1 },
      problems: [
        {
          kind: "zero-area",
          file: join(dir, "Annotations", "a.xml"),
          object: 1,
          message: expect.any(String),
        },
      ],
    });
  });

  test("--strict fails for files that cannot be used, after printing them all", async () => {
    const content = { a: [cat, degenerate], b: [dog], c: "<annotation>" };
    const dir = await writeDevkit(temporaryFolder(), content);
    const words = ["check", `voc:${dir}`, "--classes", "cat"];
    expect((await run(...words)).error).toBeUndefined();
    const { out, error } = await run(...words, "--strict");
    expect(out).toMatch(/3 problems/);
    expect(out).toMatch(/broken-annotation .*c\.xml: /);
    expect(error).toMatchObject({
      code: "BAD_DATA",
      message: `voc:${dir}: 2 problems of files that cannot be used`,
    });
    const sound = await writeDevkit(temporaryFolder(), { a: [cat, degenerate] });
    expect((await run("check", `voc:${sound}`, "--strict")).error).toBeUndefined();
  });

  test("a set that is not there, and a misspelled specification", async () => {
    const missing = await run("check", "voc:/none/such");
    expect(missing).toMatchObject({ out: "", error: { code: "BAD_DATA" } });
    const misspelled = await run("check", "vok:x");
    expect(misspelled).toMatchObject({ out: "", error: { code: "BAD_OPTION" } });
    expect((await run("check")).error).toMatchObject({ code: "commander.missingArgument" });
  });

  test("on synthetic shapes", async () => {
    const { out } = await run("check", "synthetic:shapes?images=12&size=48", "--json");
    expect(JSON.parse(out)).toMatchObject({ items: 12, problems: [] });
  });
});
