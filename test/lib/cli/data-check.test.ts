import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { dataCommand } from "../../../lib/cli/data.js";
import { runCommand } from "../../support/program.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, writeDevkit, writeFlat } from "../../support/voc.js";

const check = (...words: string[]) => runCommand(dataCommand, "data", "check", ...words);

const degenerate = { ...cat, box: [5, 5, 5, 9] };

describe("data check", () => {
  test("problems first, a line each, then what the set is like", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat, degenerate], b: [dog] });
    const { out, error } = await check(`voc:${dir}`);
    expect(error).toBeUndefined();
    expect(out.split("\n").slice(0, 2)).toEqual([
      `zero-area ${join(dir, "Annotations", "a.xml")}#1: "cat" at xmin 5, ymin 5, xmax 5, ymax 9 has no area; it is left out`,
      "1 problem: zero-area 1",
    ]);
    expect(out).toContain("\n2 pictures, 2 boxes, 2 classes\n");
    expect(out).toMatch(/\n {2}cat +1 +#+\n {2}dog +1 +#+\n/);
    expect(out).toMatch(/\npriors of ssd300-mobilenetv2 \(8732\): 0 of 2 boxes/);
  });

  test("--json prints one object, and nothing else", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat, degenerate], b: [dog] });
    const { out, notes } = await check(`voc:${dir}`, "--json", "--classes", "dog, cat");
    expect(out.endsWith("\n") && out.trimEnd().split("\n").length === 1).toBe(true);
    expect(notes).toBe("");
    const { items, boxes, classes, problems, ...more } = JSON.parse(out);
    expect({ items, boxes, classes, problems }).toEqual({
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
    expect(more).toMatchObject({
      notes: [{ message: expect.any(String) }],
      statistics: { sizes: [{ width: 40, height: 30, pictures: 2 }], difficult: 0 },
      priors: { model: "ssd300-mobilenetv2", truths: 2, unreached: 0 },
    });
  });

  test("--strict makes any problem an error, after all are printed", async () => {
    const content = { a: [cat, degenerate], b: [dog], c: "<annotation>" };
    const dir = await writeDevkit(temporaryFolder(), content);
    const words = [`voc:${dir}`, "--classes", "cat"];
    expect((await check(...words)).error).toBeUndefined();
    const { out, error } = await check(...words, "--strict", "--json");
    const kinds = JSON.parse(out).problems.map(({ kind }: { kind: string }) => kind);
    expect(kinds.sort()).toEqual(["broken-annotation", "unknown-class", "zero-area"]);
    expect(error).toMatchObject({ code: "BAD_DATA", message: `voc:${dir}: 3 problems` });
    const box = await writeDevkit(temporaryFolder(), { a: [cat, degenerate] });
    const strict = await check(`voc:${box}`, "--strict");
    expect(strict.out).toContain("1 problem: zero-area 1\n");
    expect(strict.error).toMatchObject({ code: "BAD_DATA", message: `voc:${box}: 1 problem` });
    const sound = await writeDevkit(temporaryFolder(), { a: [cat] });
    expect((await check(`voc:${sound}`, "--strict")).error).toBeUndefined();
  });

  test("--against, as often as wanted, and --no-splits", async () => {
    const dir = temporaryFolder();
    await writeFlat(join(dir, "train"), { "a.png": [cat], "b.png": [dog] });
    await writeFlat(join(dir, "test"), { "a.png": [cat] });
    await writeFlat(join(dir, "other"), { "b.png": [cat] });
    const train = `voc:${dir}:train`;
    const count = async (...words: string[]) =>
      JSON.parse((await check(train, "--json", ...words)).out).problems.length;
    expect(await count()).toBe(1);
    expect(await count("--no-splits")).toBe(0);
    const others = ["--against", `voc:${dir}/other`, "--against", `voc:${dir}:test`];
    expect(await count(...others)).toBe(2);
    expect(await count("--no-splits", ...others)).toBe(2);
  });

  test("--model", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat] });
    const { out } = await check(`voc:${dir}`, "--model", "ssd128-tiny", "--json");
    expect(JSON.parse(out).priors).toMatchObject({ model: "ssd128-tiny", priors: 1360 });
    const { error } = await check(`voc:${dir}`, "--model", "ssd128-tyni");
    expect(error).toMatchObject({ code: "BAD_OPTION" });
    expect(String(error)).toContain('did you mean "ssd128-tiny"?');
  });

  test("what takes long tells how far it is, on stderr", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat], b: [dog] });
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 4000));
    const { out, notes } = await check(`voc:${dir}`, "--json");
    clock.mockRestore();
    expect(notes).toMatch(/^checked \d of 2 pictures\n/);
    expect(JSON.parse(out).items).toBe(2);
  });

  test("a set that is not there, and a misspelled specification", async () => {
    const missing = await check("voc:/none/such");
    expect(missing).toMatchObject({ out: "", error: { code: "BAD_DATA" } });
    const misspelled = await check("vok:x");
    expect(misspelled).toMatchObject({ out: "", error: { code: "BAD_OPTION" } });
    expect((await check()).error).toMatchObject({ code: "commander.missingArgument" });
  });

  test("on synthetic shapes", async () => {
    vi.stubEnv("SSD_DISTILL_CACHE", temporaryFolder());
    const { out } = await check("synthetic:shapes?images=12&size=48", "--json");
    expect(JSON.parse(out)).toMatchObject({ items: 12, problems: [] });
  });
});
