import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { voc } from "../../../lib/data/voc.js";
import { parseAnnotation, readAnnotation } from "../../../lib/data/voc-annotation.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, picture, vocXml, writeDevkit, writeFiles } from "../../support/voc.js";

const named = (name: string) => vocXml([{ ...cat, name }], [40, 30]);
const nameIn = (text: string) => parseAnnotation(text, "a.xml").objects[0]!.name;

describe("characters by their numbers", () => {
  test.each([
    ["K&#228;se", "K\u00e4se"],
    ["K&#xE4;se", "K\u00e4se"],
    ["&#x1F431;", "\u{1F431}"],
    ["&#38;lt;", "&lt;"],
    ["&#0;", "&#0;"],
    ["&#xD800;", "&#xD800;"],
    ["&#x110000;", "&#x110000;"],
    ["&#99999999999;", "&#99999999999;"],
    ["&nbsp;", "&nbsp;"],
  ])("%s is %s", (written, name) => {
    expect(nameIn(named(written))).toBe(name);
  });

  test.each(["&#65;", "&#x41;", "&amp;", "&", "&#", "&x"])("a flood of %s", async (entity) => {
    const flood = entity.repeat(Math.floor(1_000_000 / entity.length));
    const folder = await writeFiles(temporaryFolder(), { "a.xml": named(flood) });
    const before = process.memoryUsage().heapUsed;
    const start = performance.now();
    const read = readAnnotation(join(folder, "a.xml"));
    // Either they are characters, or the text is no XML: never more than was there, and soon.
    const length = await read.then(
      ({ objects }) => objects[0]!.name.length,
      (error) => {
        expect(error).toMatchObject({ kind: "broken-annotation" });
        return 0;
      },
    );
    expect(length).toBeLessThanOrEqual(flood.length);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200e6);
  });

  test("more text than any annotation has is not read", async () => {
    const folder = await writeFiles(temporaryFolder(), {
      "a.xml": Buffer.alloc((16 << 20) + 1, 32),
    });
    await expect(readAnnotation(join(folder, "a.xml"))).rejects.toThrow(
      /16777217 bytes, more than the 16777216 that are read/,
    );
  });

  test("elements in elements in elements", () => {
    const deep = `<annotation>${"<a>".repeat(20_000)}`;
    expect(() => parseAnnotation(deep, "a.xml")).toThrow(
      expect.objectContaining({ kind: "broken-annotation" }),
    );
  });
});

describe("encodings", () => {
  const text = named("K\u00e4se").replace(/></g, ">\r\n<");
  const utf16 = Buffer.from(`\uFEFF<?xml version="1.0" encoding="UTF-16"?>${text}`, "utf16le");
  test.each<[string, string | Uint8Array]>([
    ["CRLF", text],
    ["a byte order mark", `\uFEFF${text}`],
    ["UTF-16", utf16],
    ["UTF-16, big end first", Buffer.from(utf16).swap16()],
  ])("%s", async (_, bytes) => {
    const dir = await writeFiles(temporaryFolder(), {
      "a.xml": bytes,
      "a.jpg": await picture("a.jpg"),
    });
    const { classes, items } = await voc(dir).read();
    expect(classes).toEqual(["K\u00e4se"]);
    expect(items[0]!.truths[0]!.box).toEqual([2, 3, 19, 24]);
  });

  test("UTF-16 without a mark is refused", async () => {
    const folder = await writeFiles(temporaryFolder(), { "a.xml": utf16.subarray(2) });
    await expect(readAnnotation(join(folder, "a.xml"))).rejects.toMatchObject({
      kind: "broken-annotation",
    });
  });

  test("a set file with a mark, CRLF, or in UTF-16", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat], "b c": [cat] });
    const list = "\uFEFFb c\r\na 1\r\n";
    const sets = { marked: list, wide: Buffer.from(list, "utf16le") };
    for (const [set, bytes] of Object.entries(sets)) {
      await writeFiles(dir, { [`ImageSets/Main/${set}.txt`]: bytes });
      const { items } = await voc(dir, { set }).read();
      expect(items.map(({ id }) => id)).toEqual(["b c", "a"]);
    }
  });
});

test("spaces, accents and other scripts in folders and files", async () => {
  const name = "\u732b \u00e9t\u00e9 #1 %20";
  const dir = join(temporaryFolder(), "donn\u00e9es \u00fcber alles");
  await writeDevkit(dir, { [name]: [cat], plain: [cat] }, { train: `${name}\n` });
  const { items } = await voc(dir, { set: "train" }).read();
  expect(items).toMatchObject([{ id: name, image: join(dir, "JPEGImages", `${name}.jpg`) }]);
});

describe("names that lead out of the data folder are refused", () => {
  test.each(["../secret", "/etc/passwd", "sub/../../../secret"])(
    "%s in a set file",
    async (name) => {
      const root = temporaryFolder();
      await writeFiles(root, {
        "secret.xml": vocXml([cat], [40, 30]),
        "secret.jpg": await picture("a.jpg"),
      });
      const dir = await writeDevkit(join(root, "data"), { a: [cat] }, { train: `a\n${name}\n` });
      const source = voc(dir, { set: "train" });
      const failure = source.read();
      await expect(failure).rejects.toMatchObject({ code: "BAD_DATA" });
      await expect(failure).rejects.toThrow(
        /train\.txt: expected names in .*, which leads out of it/,
      );
      const { items, problems } = await source.read({ onProblem: "collect" });
      expect(items.map(({ id }) => id)).toEqual(["a"]);
      expect(problems).toMatchObject([{ kind: "outside-folder" }]);
    },
  );

  test.each(["../secret.jpg", "/etc/passwd"])("%s as <filename>", async (filename) => {
    const root = temporaryFolder();
    await writeFiles(root, { "secret.jpg": await picture("a.jpg") });
    const dir = await writeFiles(join(root, "data"), {
      "b.jpg": await picture("b.jpg"),
      "a.xml": named("cat").replace("<annotation>", `<annotation><filename>${filename}</filename>`),
    });
    await expect(voc(dir).read()).rejects.toThrow(
      new RegExp(`a\\.xml: expected a <filename> in .*, got "${filename}", which leads out`),
    );
    const { items, problems } = await voc(dir).read({ onProblem: "collect" });
    expect(items).toEqual([]);
    expect(problems).toContainEqual(expect.objectContaining({ kind: "outside-folder" }));
  });

  test("a <filename> that is not needed is not followed", async () => {
    const dir = await writeFiles(temporaryFolder(), {
      "a.jpg": await picture("a.jpg"),
      "a.xml": named("cat").replace("<annotation>", "<annotation><filename>../x.jpg</filename>"),
    });
    const { items, problems } = await voc(dir).read();
    expect(items.map(({ image }) => image)).toEqual([join(dir, "a.jpg")]);
    expect(problems).toEqual([]);
  });
});
