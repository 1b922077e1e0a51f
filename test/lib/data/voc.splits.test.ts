import { cp } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DataSource } from "../../../lib/data/dataset.js";
import { voc } from "../../../lib/data/voc.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, writeDevkit, writeFlat } from "../../support/voc.js";

const specs = async (source: DataSource) => (await source.splits!()).map(({ spec }) => spec);

describe("a devkit", () => {
  const sets = { train: "a\n", val: "b\n", trainval: "a\nb\n", test: "c\n", cat_train: "a 1\n" };
  const content = { a: [cat], b: [dog], c: [] };

  test("its disjoint sets, whichever of them is read", async () => {
    const dir = await writeDevkit(temporaryFolder(), content, sets);
    const all = ["train", "val", "test"].map((set) => `voc:${dir}:${set}`);
    for (const set of [undefined, "train", "trainval", "cat_train"]) {
      expect(await specs(voc(dir, { set }))).toEqual(all);
    }
    const [, val] = await voc(dir).splits!();
    expect((await val!.read()).items.map(({ id }) => id)).toEqual(["b"]);
  });

  test("below the folder given, and one without sets", async () => {
    const above = temporaryFolder();
    await writeDevkit(join(above, "deep", "VOC"), content, { train: "a\n", test: "b\n" });
    expect(await specs(voc(above))).toEqual([`voc:${above}:train`, `voc:${above}:test`]);
    expect(await specs(voc(await writeDevkit(temporaryFolder(), content)))).toEqual([]);
  });
});

describe("flat folders", () => {
  test("as sets of the folder above", async () => {
    const dir = temporaryFolder();
    for (const set of ["train", "test", "extra"]) {
      await writeFlat(join(dir, "images", set), { "a.jpg": [cat] });
    }
    const own = ["train", "test"].map((set) => `voc:${dir}:${set}`);
    expect(await specs(voc(dir, { set: "train" }))).toEqual(own);
    const beside = ["train", "test"].map((set) => `voc:${join(dir, "images", set)}`);
    expect(await specs(voc(join(dir, "images", "test")))).toEqual(beside);
    expect(await specs(voc(join(dir, "images", "extra")))).toEqual([]);
  });

  test("a folder on its own has none, nor has one that is not there", async () => {
    const dir = await writeFlat(temporaryFolder(), { "a.jpg": [cat] });
    expect(await specs(voc(dir))).toEqual([]);
    expect(await specs(voc(join(dir, "none", "train")))).toEqual([]);
    const train = join(temporaryFolder(), "train");
    await cp(dir, train, { recursive: true });
    expect(await specs(voc(train))).toEqual([`voc:${train}`]);
  });
});
