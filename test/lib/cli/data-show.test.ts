import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { dataCommand } from "../../../lib/cli/data.js";
import { runCommand } from "../../support/program.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, writeDevkit } from "../../support/voc.js";

const show = (...words: string[]) => runCommand(dataCommand, "data", "show", ...words);

const pets = () => writeDevkit(temporaryFolder(), { a: [cat], b: [dog, cat], c: [] });

describe("data show", () => {
  test("writes a PNG and says where", async () => {
    const dir = await pets();
    const file = join(temporaryFolder(), "new", "sheet.png");
    const { out, error } = await show(`voc:${dir}`, "--out", file);
    expect([out, error]).toEqual([`3 pictures in ${file}\n`, undefined]);
    expect((await sharp(file).metadata()).format).toBe("png");
  });

  test("--json tells which pictures; --count and --seed pick them", async () => {
    const dir = await pets();
    const out = join(temporaryFolder(), "sheet.png");
    const pick = async (...words: string[]) =>
      JSON.parse((await show(`voc:${dir}`, "--out", out, "--json", ...words)).out);
    const all = await pick();
    expect(all.out).toBe(out);
    const boxes = Object.fromEntries(
      all.items.map((item: { image: string; boxes: number }) => [item.image, item.boxes]),
    );
    const image = (name: string) => join(dir, "JPEGImages", `${name}.jpg`);
    expect(boxes).toEqual({ [image("a")]: 1, [image("b")]: 2, [image("c")]: 0 });
    expect((await pick("--count", "2")).items).toEqual(all.items.slice(0, 2));
    const firsts = new Set<string>();
    for (const seed of ["0", "1", "2", "3", "4"]) {
      firsts.add((await pick("--count", "1", "--seed", seed)).items[0].image);
    }
    expect(firsts.size).toBeGreaterThan(1);
  });

  test("--model shows the square input", async () => {
    const dir = await pets();
    const file = join(temporaryFolder(), "sheet.png");
    const heightOf = async (...words: string[]) => {
      await show(`voc:${dir}`, "--out", file, "--count", "1", ...words);
      return (await sharp(file).metadata()).height;
    };
    const letterbox = await heightOf();
    expect(await heightOf("--model", "ssd128-tiny")).toBe(letterbox + 100);
  });

  test("what cannot be shown or written is a sentence", async () => {
    const dir = await pets();
    const out = ["--out", join(temporaryFolder(), "sheet.png")];
    expect((await show("voc:/none", ...out)).error).toMatchObject({ code: "BAD_DATA" });
    expect((await show(`voc:${dir}`, "--count", "0", ...out)).error).toMatchObject({
      code: "BAD_OPTION",
      message: expect.stringContaining('option "count"'),
    });
    expect((await show(`voc:${dir}`, "--classes", "cat", ...out)).error).toMatchObject({
      code: "BAD_DATA",
      message: expect.stringContaining('got "dog"'),
    });
    expect((await show(`voc:${dir}`, "--model", "ssd", ...out)).error).toMatchObject({
      code: "BAD_OPTION",
    });
    const file = join(temporaryFolder(), "file");
    await writeFile(file, "here");
    const blocked = await show(`voc:${dir}`, "--out", join(file, "sheet.png"));
    expect(blocked.error).toMatchObject({ code: "BAD_OPTION" });
    expect(await readFile(file, "utf8")).toBe("here");
  });
});
