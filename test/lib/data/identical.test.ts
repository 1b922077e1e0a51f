import { expect, test } from "vitest";
import type { Item } from "../../../lib/data/dataset.js";
import { findIdentical, type Part } from "../../../lib/data/identical.js";

const item = (image: string, label = 0): Item => ({
  id: image,
  image,
  width: 4,
  height: 4,
  truths: [{ label, box: [0, 0, 2, 2], difficult: false }],
});

const part = (spec: string, ...images: string[]): Part => ({
  spec,
  items: images.map((image) => item(image)),
});

/** File and sentence of each problem; what a picture shows is its name without digits. */
function find(own: Item[], splits: Part[] = [], others: Part[] = []): string[] {
  const files = [own, ...[...splits, ...others].map(({ items }) => items)].flat();
  const digests = new Map(files.map(({ image }) => [image, image.replace(/.*\/|\d/g, "")]));
  return findIdentical(own, { splits, others }, digests).map(({ kind, file, message }) => {
    expect(kind).toBe("identical");
    return `${file}: ${message}`;
  });
}

test("different pictures are no problem", () => {
  const own = [item("/a"), item("/b")];
  expect(find(own, [part("train", "/a", "/b"), part("val", "/c")], [part("more", "/d")])).toEqual(
    [],
  );
});

test("within a set: each copy names the first, and says when its boxes differ", () => {
  expect(find([item("/a1"), item("/b"), item("/a2"), item("/a3", 1)])).toEqual([
    "/a2: the picture is the same as /a1",
    "/a3: the picture is the same as /a1; their boxes differ",
  ]);
});

test("a file that is there twice", () => {
  expect(find([item("/a"), item("/a"), item("/b")])).toEqual([
    "/a: the picture is in the set 2 times",
  ]);
});

test("a copy in another split is told by the picture of this set", () => {
  const splits = [part("train", "/a1", "/b"), part("val", "/a2", "/a3"), part("test", "/c")];
  expect(find([item("/a1"), item("/b")], splits)).toEqual([
    "/a1: the picture is the same as /a2 in val",
    "/a1: the picture is the same as /a3 in val",
  ]);
  expect(find([item("/c")], splits)).toEqual([]);
});

test("a set that holds several splits: the pairs between them are named, and so are those within", () => {
  const splits = [part("train", "/a1", "/b1", "/b2"), part("val", "/a2")];
  const all = ["/a1", "/b1", "/b2", "/a2"].map((image) => item(image));
  expect(find(all, splits)).toEqual([
    "/a2: the picture is the same as /a1 in train",
    "/b2: the picture is the same as /b1",
  ]);
});

test("the same file in two splits, whichever set is checked", () => {
  const splits = [part("train", "/a", "/b"), part("val", "/a", "/c")];
  for (const own of [
    ["/a", "/b"],
    ["/a", "/c"],
    ["/a", "/b", "/c"],
  ]) {
    expect(
      find(
        own.map((image) => item(image)),
        splits,
      ),
    ).toEqual(["/a: the picture is in train and in val"]);
  }
});

test("in data that was asked for, the same file counts too", () => {
  const splits = [part("train", "/a", "/b1")];
  expect(find([item("/a"), item("/b1")], splits, [part("more", "/a", "/b2")])).toEqual([
    "/a: the picture is in more too",
    "/b1: the picture is the same as /b2 in more",
  ]);
});

test("a split that was asked for as well is told once", () => {
  const val = part("val", "/a");
  expect(find([item("/a")], [part("train", "/a"), val], [val])).toHaveLength(1);
});

test("paths are compared however they are written", () => {
  expect(find([item("a")], [part("train", "./a"), part("val", "b/../a")])).toEqual([
    "a: the picture is in train and in val",
  ]);
});

test("pictures that could not be decoded are the same as none", () => {
  const own = [item("/a1"), item("/a2")];
  expect(findIdentical(own, { splits: [], others: [] }, new Map())).toEqual([]);
});
