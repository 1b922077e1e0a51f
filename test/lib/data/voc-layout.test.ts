import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findVoc } from "../../../lib/data/voc-layout.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, picture, vocXml, writeDevkit, writeFiles, writeFlat } from "../../support/voc.js";

const content = { a: [cat], b: [cat], c: [] };
const xml = vocXml([cat], [40, 30]);

describe("devkit", () => {
  test("reads trainval unless told another set; without sets, everything", async () => {
    const dir = temporaryFolder();
    await writeDevkit(dir, content);
    expect((await findVoc(dir, undefined)).names).toEqual(["a", "b", "c"]);
    await writeDevkit(dir, content, { train: "b\n", trainval: "c\na\n" });
    expect((await findVoc(dir, undefined)).names).toEqual(["c", "a"]);
    expect((await findVoc(dir, "train")).names).toEqual(["b"]);
    expect((await findVoc(dir, "all")).names).toEqual(["a", "b", "c"]);
  });

  test.each([
    ["CRLF", "b\r\na\r\n"],
    ["a byte order mark", "\uFEFFb\na\n"],
    ["blank lines and spaces", "\n  b \n\n\ta\t\n\n"],
    ["columns of a class's set", "b  1\na -1\n"],
    ["extensions", "b.jpg\na.jpg\n"],
    ["no newline at the end", "b\na"],
    ["carriage returns alone", "b\ra\r"],
  ])("set files with %s", async (_, text) => {
    const dir = await writeDevkit(temporaryFolder(), content, { train: text });
    expect((await findVoc(dir, "train")).names).toEqual(["b", "a"]);
  });

  test("names with spaces, dots and accents, in whichever form of Unicode", async () => {
    const names = ["my cat 1", "v1.2 b", "caf\u00e9", "\u732b"];
    const text = ["my cat 1", "v1.2 b 1", "cafe\u0301", "\u732b -1"].join("\n");
    const parts = Object.fromEntries(names.map((name) => [name, [cat]]));
    const dir = await writeDevkit(join(temporaryFolder(), "Ordner \u00e4 [1]"), parts, {
      train: text,
    });
    const layout = await findVoc(dir, "train");
    expect(layout.names).toEqual(names);
    for (const name of names) expect(layout.pictureOf.has(name)).toBe(true);
  });

  test("is found below, when it is the only one", async () => {
    const dir = temporaryFolder();
    await writeDevkit(join(dir, "data", "VOCdevkit", "VOC2007"), content);
    expect((await findVoc(dir, undefined)).names).toHaveLength(3);
    await writeDevkit(join(dir, "data", "VOCdevkit", "VOC2012"), content);
    await expect(findVoc(dir, undefined)).rejects.toThrow(
      /expected one VOC devkit below, got 2: .*VOC2007, .*VOC2012/,
    );
  });

  test("a linked folder is a folder", async () => {
    const dir = temporaryFolder();
    await writeDevkit(join(dir, "real"), content);
    await mkdir(join(dir, "top"));
    await symlink(join(dir, "real"), join(dir, "top", "link"));
    expect((await findVoc(join(dir, "top"), undefined)).names).toHaveLength(3);
  });

  test("an unknown set names the known ones", async () => {
    const dir = await writeDevkit(temporaryFolder(), content, { train: "a\n", val: "b\n" });
    await expect(findVoc(dir, "trian")).rejects.toMatchObject({
      code: "BAD_DATA",
      message: expect.stringMatching(
        /trian\.txt.*did you mean "train"\? \(there are: train, val\)/,
      ),
    });
  });

  test("an empty set file and a devkit without pictures are refused", async () => {
    const dir = await writeDevkit(temporaryFolder(), content, { val: "\n\n" });
    await expect(findVoc(dir, "val")).rejects.toThrow(/val\.txt: expected names of pictures/);
    const bare = await writeFiles(temporaryFolder(), {
      "Annotations/a.xml": xml,
      "JPEGImages/readme.txt": "",
    });
    await expect(findVoc(bare, undefined)).rejects.toThrow(/expected pictures \(\.jpg, /);
  });
});

describe("flat folders", () => {
  test("XML beside pictures of mixed extensions; pictures without are told", async () => {
    const dir = temporaryFolder();
    const files = { "a.JPG": [cat], "b.png": [cat], "c.jpeg": [], "d.PNG": [cat] };
    await writeFlat(dir, files);
    await writeFiles(dir, {
      "e.jpg": await picture("e.jpg"),
      "._a.jpg": "junk",
      "._a.xml": "junk",
    });
    const layout = await findVoc(dir, undefined);
    expect(layout.names).toEqual(["a", "b", "c", "d"]);
    expect(layout.unlabelled).toEqual(["e"]);
    expect(layout.pictureOf.get("a")).toBe(join(dir, "a.JPG"));
  });

  test("a set is a folder of pictures, however it is spelled", async () => {
    const dir = temporaryFolder();
    await writeFlat(join(dir, "images", "train"), { "a.jpg": [cat], "b.jpg": [cat] });
    await writeFlat(join(dir, "images", "test"), { "c.jpg": [cat] });
    const spellings: [string, string | undefined][] = [
      ["images/train", undefined],
      ["images", "train"],
      ["", "train"],
      ["", "images/train"],
    ];
    for (const [folder, set] of spellings) {
      expect((await findVoc(join(dir, folder), set)).names).toEqual(["a", "b"]);
    }
    await expect(findVoc(dir, undefined)).rejects.toThrow(
      /as the set, got none \(there are: test, train\)/,
    );
    await expect(findVoc(dir, "trian")).rejects.toThrow(/"trian", got none; did you mean "train"/);
  });

  test("images/ and annotations/ side by side, in any case, and from within", async () => {
    const jpg = await picture("a.jpg");
    for (const [images, annotations] of [
      ["images", "annotations"],
      ["Images", "Annotations"],
    ] as const) {
      const dir = await writeFiles(temporaryFolder(), {
        [`${images}/a.jpg`]: jpg,
        [`${annotations}/a.xml`]: xml,
        [`${annotations}/b.xml`]: xml,
      });
      for (const folder of [dir, join(dir, images)]) {
        const layout = await findVoc(folder, undefined);
        // An annotation whose picture is gone belongs to the set: it is for the reader to tell.
        expect(layout.names).toEqual(["a", "b"]);
      }
    }
  });

  test("annotations of a set in a folder of its own, or in one that sets share", async () => {
    const jpg = await picture("a.jpg");
    const own = await writeFiles(temporaryFolder(), {
      "images/train/a.jpg": jpg,
      "images/val/b.jpg": jpg,
      "annotations/train/a.xml": xml,
      "annotations/val/b.xml": xml,
    });
    expect((await findVoc(own, "val")).names).toEqual(["b"]);
    const shared = await writeFiles(temporaryFolder(), {
      "train/a.jpg": jpg,
      "val/b.jpg": jpg,
      "annotations/a.xml": xml,
      "annotations/b.xml": xml,
    });
    expect((await findVoc(shared, "val")).names).toEqual(["b"]);
    const nested = await writeFiles(temporaryFolder(), {
      "val/images/b.jpg": jpg,
      "val/annotations/b.xml": xml,
    });
    expect((await findVoc(nested, "val")).names).toEqual(["b"]);
  });

  test("what is no data set is told as such", async () => {
    const dir = await writeFiles(temporaryFolder(), { "a.txt": "x" });
    await expect(findVoc(dir, undefined)).rejects.toThrow(/expected a VOC devkit, or pictures/);
    await expect(findVoc(join(dir, "none"), undefined)).rejects.toThrow(/got nothing there/);
    await expect(findVoc(join(dir, "a.txt"), undefined)).rejects.toThrow(/got a file/);
  });
});
