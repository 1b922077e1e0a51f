import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { parseSource } from "../../../lib/data/sources.js";
import { SsdError } from "../../../lib/errors.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, writeDevkit, writeFlat } from "../../support/voc.js";

describe("voc", () => {
  test("with and without a set", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat], b: [] }, { train: "b\n" });
    const ids = async (spec: string) =>
      (await parseSource(spec).read()).items.map(({ id }) => id).join("");
    expect(await ids(`voc:${dir}`)).toBe("ab");
    expect(await ids(`voc:${dir}:train`)).toBe("b");
    expect(parseSource(`voc:${dir}:train`).spec).toBe(`voc:${dir}:train`);
  });

  test("a colon in the path is no set", async () => {
    const dir = join(temporaryFolder(), "8:30 Uhr");
    await mkdir(dir);
    await writeFlat(dir, { "a.jpg": [cat] });
    expect((await parseSource(`voc:${dir}`).read()).items).toHaveLength(1);
    await writeFlat(join(dir, "train"), { "a.jpg": [cat], "b.jpg": [cat] });
    expect((await parseSource(`voc:${dir}:train`).read()).items).toHaveLength(2);
    // Not there: what follows the colon is a piece of a path, and the message tells all of it.
    await expect(parseSource("voc:/none/8:30/x").read()).rejects.toThrow("/none/8:30/x: expected");
  });
});

describe("synthetic", () => {
  test("its options, and a specification that reads the same again", async () => {
    vi.stubEnv("SSD_DISTILL_CACHE", temporaryFolder());
    const source = parseSource("synthetic:shapes?images=5&seed=3&size=40&set=val");
    expect(source.spec).toBe("synthetic:shapes?images=5&seed=3&size=40&set=val");
    const data = await source.read();
    expect(data.items).toHaveLength(1);
    expect(data.spec).toBe(source.spec);
    expect(await parseSource(source.spec).read()).toEqual(data);
  });

  test("defaults stand in the specification", () => {
    const full = "synthetic:shapes?images=400&seed=0&size=160&set=trainval";
    expect(parseSource("synthetic:shapes").spec).toBe(full);
    expect(parseSource("synthetic:shapes?").spec).toBe(full);
  });
});

describe("refuses what it does not know", () => {
  test.each([
    ["vok:x", /got "vok:x"; did you mean "voc"\?/],
    ["VOC:x", /did you mean "voc"/],
    ["sythetic:shapes", /did you mean "synthetic"/],
    ["toString:x", /expected voc:DIR\[:SET\] or synthetic:/],
    ["", /expected voc:DIR\[:SET\] or synthetic:.* got ""/],
    ["voc", /expected voc:DIR\[:SET\], got "voc"/],
    ["voc:", /expected voc:DIR\[:SET\], got "voc:"/],
    ["synthetic:shape", /expected shapes, got "shape"; did you mean "shapes"/],
    ["synthetic:shapes?images=many", /option "images": expected number.* got "many"/],
    ["synthetic:shapes?images=", /option "images": expected number.* got ""/],
    ["synthetic:shapes?imags=5", /unknown option "imags"; did you mean "images"/],
  ])("%j", (spec, message) => {
    expect(() => parseSource(spec)).toThrow(message);
    expect(() => parseSource(spec)).toThrow(SsdError);
    expect(() => parseSource(spec)).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });

  test("a folder without a scheme is most likely VOC", () => {
    const dir = temporaryFolder();
    expect(() => parseSource(dir)).toThrow(`did you mean "voc:${dir}"?`);
  });
});
