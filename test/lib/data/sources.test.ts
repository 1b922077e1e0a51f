import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { parseSource } from "../../../lib/data/sources.js";
import { SsdError } from "../../../lib/errors.js";
import { cats, writeCoco } from "../../support/coco.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, picture, writeDevkit, writeFiles, writeFlat } from "../../support/voc.js";

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

describe("coco", () => {
  test("images, JSON and origin; a specification that reads the same again", async () => {
    const annotations = [{ image_id: 3, category_id: 7, bbox: [1, 1, 5, 5] }];
    const [images, json] = await writeCoco(temporaryFolder(), { ...cats, annotations });
    const plain = parseSource(`coco:${images},${json}`);
    expect(plain.spec).toBe(`coco:${images},${json}`);
    expect((await plain.read()).items[1]!.truths[0]!.box).toEqual([1, 1, 6, 6]);
    const moved = parseSource(`coco:${images},${json}?origin=1`);
    expect(moved.spec).toBe(`coco:${images},${json}?origin=1`);
    expect((await moved.read()).items[1]!.truths[0]!.box).toEqual([0, 0, 5, 5]);
    expect(parseSource(`coco:${images},${json}?origin=0`).spec).toBe(plain.spec);
  });

  test("commas and a question mark in paths that are there", async () => {
    const root = join(temporaryFolder(), "a, b");
    const [images, json] = await writeCoco(root, { ...cats, annotations: [] });
    expect((await parseSource(`coco:${images},${json}`).read()).items).toHaveLength(2);
    const odd = join(root, "what?.json");
    await rename(json, odd);
    expect((await parseSource(`coco:${images},${odd}`).read()).items).toHaveLength(2);
    expect(parseSource(`coco:${images},${odd}?origin=1`).spec).toContain("what?.json");
  });
});

describe("yolo", () => {
  test("with and without a set, a colon in the path", async () => {
    const dir = join(temporaryFolder(), "8:30 Uhr");
    const bytes = await picture("a.jpg");
    const text = "train: images/a\nval: images/b\nnames: [cat]\n";
    await writeFiles(dir, { "data.yaml": text, "images/a/x.jpg": bytes, "images/b/y.jpg": bytes });
    const ids = async (spec: string) =>
      (await parseSource(spec).read()).items.map(({ id }) => id).join("");
    expect(await ids(`yolo:${dir}/data.yaml`)).toBe("x");
    expect(await ids(`yolo:${dir}/data.yaml:val`)).toBe("y");
    expect(parseSource(`yolo:${dir}/data.yaml:val`).spec).toBe(`yolo:${dir}/data.yaml:val`);
    await expect(parseSource("yolo:/none/8:30/x.yaml").read()).rejects.toThrow("/none/8:30/x.yaml");
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
    ["toString:x", /expected one of voc:DIR\[:SET\], coco:.*, yolo:.*, synthetic:/],
    ["", /expected one of voc:DIR\[:SET\], coco:.* got ""/],
    ["voc", /expected voc:DIR\[:SET\], got "voc"/],
    ["voc:", /expected voc:DIR\[:SET\], got "voc:"/],
    ["cocoa:x,y", /did you mean "coco"\?/],
    ["yol:x", /did you mean "yolo"\?/],
    ["coco:images", /expected coco:IMAGES,JSON\[\?origin=1\], got "coco:images"/],
    ["coco:,a.json", /expected coco:IMAGES,JSON/],
    ["coco:images,", /expected coco:IMAGES,JSON/],
    ["coco:i,a.json?origin=2", /coco: option "origin": expected 0 or 1, got 2/],
    ["coco:i,a.json?orign=1", /unknown option "orign"; did you mean "origin"/],
    ["yolo:", /expected yolo:FILE\.yaml\[:SET\], got "yolo:"/],
    ["yolo:a.yaml:trian", /yolo: option "set": .* got "trian"; did you mean "train"/],
    ["synthetic:shape", /expected shapes, got "shape"; did you mean "shapes"/],
    ["synthetic:shapes?images=many", /option "images": expected number.* got "many"/],
    ["synthetic:shapes?images=", /option "images": expected number.* got ""/],
    ["synthetic:shapes?imags=5", /unknown option "imags"; did you mean "images"/],
  ])("%j", (spec, message) => {
    expect(() => parseSource(spec)).toThrow(message);
    expect(() => parseSource(spec)).toThrow(SsdError);
    expect(() => parseSource(spec)).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });

  test("a folder without a scheme is most likely VOC, a yaml YOLO", async () => {
    const dir = temporaryFolder();
    const yaml = join(await writeFiles(dir, { "data.yaml": "" }), "data.yaml");
    expect(() => parseSource(yaml)).toThrow(`did you mean "yolo:${yaml}"?`);
    expect(() => parseSource(dir)).toThrow(`did you mean "voc:${dir}"?`);
  });
});
