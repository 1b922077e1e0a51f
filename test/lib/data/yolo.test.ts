import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import type { Dataset } from "../../../lib/data/dataset.js";
import { yolo } from "../../../lib/data/yolo.js";
import { temporaryFolder } from "../../support/temporary.js";
import { picture, writeFiles } from "../../support/voc.js";

const names = "names: [cat, dog]\n";

/** Writes texts, and pictures of 40x30 for names that end like one. */
async function write(folder: string, files: Record<string, string>): Promise<string> {
  const bytes = await picture("a.jpg");
  const content = Object.entries(files).map(([name, text]) => {
    return [name, /\.(jpg|png)$/i.test(name) ? bytes : text] as const;
  });
  return await writeFiles(folder, Object.fromEntries(content));
}

const ids = ({ items }: Dataset) => items.map(({ id }) => id).join("");
const boxes = ({ items }: Dataset) => items.map(({ truths }) => truths.map(({ box }) => box));

describe("items", () => {
  test("labels in labels/, boxes in pixels, negatives with an empty file or none", async () => {
    const dir = await write(temporaryFolder(), {
      "data.yaml": `train: images/train\nval: images/val\nnc: 2\n${names}`,
      "images/train/a.jpg": "",
      "images/train/b.jpg": "",
      "images/train/c.JPG": "",
      "labels/train/a.txt": "1 0.5 0.5 0.5 1\r\n0 0.25 0.5 0.5 0.2\r\n\r\n",
      "labels/train/b.txt": "",
      "images/val/d.jpg": "",
      "labels/val/d.txt": "0 0.5 0.5 1 1",
    });
    const file = join(dir, "data.yaml");
    expect(await yolo(file).read()).toEqual({
      spec: `yolo:${file}`,
      classes: ["cat", "dog"],
      items: [
        {
          id: "a",
          image: join(dir, "images/train/a.jpg"),
          annotation: join(dir, "labels/train/a.txt"),
          width: 40,
          height: 30,
          truths: [
            { label: 1, box: [10, 0, 30, 30], difficult: false },
            { label: 0, box: [0, 12, 20, 18], difficult: false },
          ],
        },
        expect.objectContaining({
          id: "b",
          annotation: join(dir, "labels/train/b.txt"),
          truths: [],
        }),
        expect.not.objectContaining({ annotation: expect.anything() }),
      ],
      problems: [],
      picture: { exif: "auto", maxPixels: 100_000_000 },
    });
    const val = await yolo(file, { set: "val" }).read({ classes: ["dog", "cat"] });
    expect([val.spec, val.classes.join(), ids(val)]).toEqual([`yolo:${file}:val`, "dog,cat", "d"]);
    expect(val.items[0]!.truths).toEqual([{ label: 1, box: [0, 0, 40, 30], difficult: false }]);
    await expect(yolo(file, { set: "test" }).read()).rejects.toThrow(
      `${file}: expected a set "test", got none (there are: train, val)`,
    );
    expect(() => yolo(file, { set: "trian" as "train" })).toThrow(/did you mean "train"/);
  });

  test("labels beside the pictures where no folder is called images", async () => {
    const dir = await write(temporaryFolder(), {
      "data.yaml": `train: obj_train_data\n${names}`,
      "obj_train_data/a.png": "",
      "obj_train_data/a.txt": "0 0.5 0.5 0.5 0.5",
      "obj_train_data/more/b.jpg": "",
    });
    const data = await yolo(join(dir, "data.yaml")).read();
    expect(ids(data)).toBe("ab");
    expect(boxes(data)).toEqual([[[10, 7.5, 30, 22.5]], []]);
  });

  test("a folder images above the data: the labels are where they are", async () => {
    const root = temporaryFolder();
    const beside = await write(join(root, "images", "mine"), {
      "data.yaml": `train: set\n${names}`,
      "set/a.jpg": "",
      "set/a.txt": "0 0.5 0.5 0.5 0.5",
    });
    expect(boxes(await yolo(join(beside, "data.yaml")).read())[0]).toHaveLength(1);
    await write(root, { "labels/mine/set/a.txt": "" });
    expect(boxes(await yolo(join(beside, "data.yaml")).read())[0]).toEqual([]);
  });

  test("the sizes are the upright ones unless EXIF is ignored", async () => {
    const dir = await write(temporaryFolder(), {
      "data.yaml": `train: .\n${names}`,
      "a.txt": "0 0.5 0.5 1 1",
    });
    const turned = sharp(await picture("a.jpg")).withMetadata({ orientation: 6 });
    await writeFile(join(dir, "a.jpg"), await turned.toBuffer());
    const source = yolo(join(dir, "data.yaml"));
    expect(boxes(await source.read())).toEqual([[[0, 0, 30, 40]]]);
    const ignored = await source.read({ picture: { exif: "ignore" } });
    expect(boxes(ignored)).toEqual([[[0, 0, 40, 30]]]);
    expect(ignored.picture).toEqual({ exif: "ignore", maxPixels: 100_000_000 });
    await expect(source.read({ picture: { maxPixels: 100 } })).rejects.toThrow(
      /at most 100 pixels/,
    );
  });

  test("no labels at all: told once, thrown never", async () => {
    const dir = await write(temporaryFolder(), {
      "data.yaml": `train: images\n${names}`,
      "images/a.jpg": "",
      "images/b.jpg": "",
    });
    const { items, problems } = await yolo(join(dir, "data.yaml")).read();
    expect(items).toHaveLength(2);
    expect(problems).toMatchObject([
      { kind: "missing-annotation", message: expect.stringContaining(join("labels", "a.txt")) },
    ]);
  });
});

describe("where the pictures are", () => {
  const files = { "images/train/a.jpg": "", "images/more/b.jpg": "", "images/more/c.jpg": "" };

  test("a list of folders, in its order; the limit cuts", async () => {
    const dir = await write(temporaryFolder(), {
      "data.yaml": `train: [images/train, images/more]\n${names}`,
      ...files,
    });
    expect(ids(await yolo(join(dir, "data.yaml")).read())).toBe("abc");
    expect(ids(await yolo(join(dir, "data.yaml")).read({ limit: 2 }))).toBe("ab");
  });

  test("a list of pictures: from the root, from the list, absolute; order and CRLF", async () => {
    const dir = await write(temporaryFolder(), {
      "data.yaml": `train: sets/train.txt\n${names}`,
      ...files,
      "sets/d.jpg": "",
    });
    const lines = ["images/more/c.jpg", "./d.jpg", join(dir, "images/train/a.jpg")];
    await writeFile(join(dir, "sets/train.txt"), `\uFEFF${lines.join("\r\n")}\r\n\r\n`);
    expect(ids(await yolo(join(dir, "data.yaml")).read())).toBe("cda");
  });

  test("path: from the yaml's folder, or absolute", async () => {
    const root = await write(temporaryFolder(), {
      "yamls/rel.yaml": `path: ../data set\ntrain: images/train\n${names}`,
      ...Object.fromEntries(Object.keys(files).map((name) => [`data set/${name}`, ""])),
    });
    expect(ids(await yolo(join(root, "yamls/rel.yaml")).read())).toBe("a");
    const text = `path: ${join(root, "data set")}\nval: images/more\n${names}`;
    await write(root, { "yamls/abs.yaml": text });
    expect(ids(await yolo(join(root, "yamls/abs.yaml"), { set: "val" }).read())).toBe("bc");
    await write(root, { "yamls/none.yaml": `path: nowhere\ntrain: a\n${names}` });
    await expect(yolo(join(root, "yamls/none.yaml")).read()).rejects.toThrow(
      /expected a folder "path"/,
    );
  });

  test("Roboflow's ../train/images is the yaml's own train/images", async () => {
    const dir = await write(join(temporaryFolder(), "export"), {
      "data.yaml": `train: ../train/images\nval: ../valid/images\n${names}`,
      "train/images/a.jpg": "",
      "train/labels/a.txt": "1 0.5 0.5 0.5 0.5",
    });
    expect(boxes(await yolo(join(dir, "data.yaml")).read())[0]).toHaveLength(1);
    await expect(yolo(join(dir, "data.yaml"), { set: "val" }).read()).rejects.toThrow(
      /expected a folder or a list "val", got no .*export\/valid\/images/,
    );
  });

  test("linked folders are folders, and a link to itself ends", async () => {
    const dir = await write(temporaryFolder(), {
      "data.yaml": `train: images\n${names}`,
      ...files,
    });
    await mkdir(join(dir, "images", "deep"));
    await symlink(join(dir, "images", "train"), join(dir, "images", "deep", "linked"));
    // By path: deep/linked/a, more/b, more/c, train/a.
    expect(ids(await yolo(join(dir, "data.yaml")).read())).toBe("abca");
    await symlink(join(dir, "images"), join(dir, "images", "more", "loop"));
    const { items } = await yolo(join(dir, "data.yaml")).read();
    expect(items.length).toBeGreaterThan(4);
  });
});

describe("a path that leads out is refused", () => {
  test.each(["../other", "/etc", "images/../../other"])("a set %s", async (path) => {
    const root = temporaryFolder();
    await write(root, { "other/x.jpg": "", "data/data.yaml": `train: ${path}\n${names}` });
    const failure = yolo(join(root, "data", "data.yaml")).read();
    await expect(failure).rejects.toMatchObject({ code: "BAD_DATA" });
    await expect(failure).rejects.toThrow(`got "${path}", which leads out of it`);
  });

  test.each(["../other/x.jpg", "/etc/passwd", "./../../other/x.jpg"])(
    "a picture %s",
    async (line) => {
      const root = temporaryFolder();
      await write(root, {
        "other/x.jpg": "",
        "data/images/a.jpg": "",
        "data/sets/train.txt": `${line}\nimages/a.jpg\n`,
        "data/data.yaml": `train: sets/train.txt\n${names}`,
      });
      const source = yolo(join(root, "data", "data.yaml"));
      await expect(source.read()).rejects.toThrow(/train\.txt: line 1: .*, which leads out of it/);
      const { items, problems } = await source.read({ onProblem: "collect" });
      expect(items).toHaveLength(1);
      expect(problems[0]).toMatchObject({ kind: "outside-folder" });
    },
  );
});

describe("files that cannot be used", () => {
  const withLabels = (text: string, more: Record<string, string> = {}) =>
    write(temporaryFolder(), {
      "data.yaml": `train: images\n${names}`,
      "images/a.jpg": "",
      "labels/a.txt": text,
      "images/b.jpg": "",
      "labels/b.txt": "",
      ...more,
    });

  test.each<[string, string, RegExp, number]>([
    ["broken-annotation", "0 0.5 0.5 0.5\n", /expected a class and 4 numbers .* got 4 columns/, 0],
    ["broken-annotation", "0 .5 .5 .5 .5\n0 .5 .5 .5 .5 .9\n", /got 6 columns/, 1],
    ["broken-annotation", "cat .5 .5 .5 .5\n", /the number of a class, got "cat"/, 0],
    ["unknown-class", "2 .5 .5 .5 .5\n", /a class from 0 to 1, got 2/, 0],
    ["unknown-class", "-1 .5 .5 .5 .5\n", /a class from 0 to 1, got -1/, 0],
  ])("%s %j", async (kind, text, message, object) => {
    const dir = await withLabels(text);
    const source = yolo(join(dir, "data.yaml"));
    await expect(source.read()).rejects.toThrow(message);
    const file = join(dir, "labels", "a.txt");
    await expect(source.read()).rejects.toThrow(`${file}, object ${object}: expected`);
    const { items, problems } = await source.read({ onProblem: "collect" });
    expect(items.map(({ id }) => id)).toEqual(["b"]);
    expect(problems).toMatchObject([{ kind, file, object }]);
  });

  test("boxes are dropped or clipped in every mode; rounding is no problem", async () => {
    const lines = [
      "0 .5 .5 0 .5",
      "0 nan .5 .1 .1",
      "1 1.5 .5 .1 .1",
      "1 .9 .5 .4 .4",
      "0 .500004 .5 1 1",
    ];
    const dir = await withLabels(lines.join("\n"));
    const { items, problems } = await yolo(join(dir, "data.yaml")).read();
    expect(problems.map(({ kind, object }) => [kind, object])).toEqual([
      ["zero-area", 0],
      ["not-finite", 1],
      ["outside", 2],
      ["outside", 3],
    ]);
    expect(problems[0]!.message).toBe('"cat" at (.5 .5 0 .5) has no area; it is left out');
    expect(items[0]!.truths).toHaveLength(2);
    expect(items[0]!.truths[1]!.box[2]).toBe(40);
  });

  test("pictures that are none, or of a format that is not read", async () => {
    const dir = await withLabels("", { "images/c.bmp": "BM", "images/._a.jpg": "" });
    await writeFile(join(dir, "images", "b.jpg"), "no picture");
    const source = yolo(join(dir, "data.yaml"));
    await expect(source.read()).rejects.toThrow(/b\.jpg: expected a picture that can be decoded/);
    const { items, problems } = await source.read({ onProblem: "collect" });
    expect(items.map(({ id }) => id)).toEqual(["a"]);
    expect(problems.map(({ kind, file }) => [kind, file])).toEqual([
      ["unreadable-picture", join(dir, "images", "b.jpg")],
      ["unreadable-picture", join(dir, "images", "c.bmp")],
    ]);
  });

  test("a class that the list lacks", async () => {
    const dir = await withLabels("0 .5 .5 .5 .5\n1 .5 .5 .5 .5");
    await expect(yolo(join(dir, "data.yaml")).read({ classes: ["cat"] })).rejects.toThrow(
      `${join(dir, "labels", "a.txt")}, object 1: expected one of the classes cat, got "dog"`,
    );
  });

  test("an empty folder", async () => {
    const dir = await write(temporaryFolder(), { "data.yaml": `train: .\n${names}` });
    await expect(yolo(join(dir, "data.yaml")).read()).rejects.toThrow(
      /expected pictures in set "train", got none/,
    );
  });
});
