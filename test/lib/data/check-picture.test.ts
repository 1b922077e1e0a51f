import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { lookAt } from "../../../lib/data/check-picture.js";
import type { Item } from "../../../lib/data/dataset.js";
import { temporaryFolder } from "../../support/temporary.js";
import { picture, writeFiles } from "../../support/voc.js";

const item = (image: string, more: Partial<Item> = {}): Item => ({
  id: "a",
  image,
  width: 40,
  height: 30,
  truths: [],
  ...more,
});

async function files(content: Record<string, string | Uint8Array>): Promise<string> {
  return await writeFiles(temporaryFolder(), content);
}

test("size, colours, and a digest of the pixels and not of the file", async () => {
  const png = await picture("a.png");
  const told = await sharp(png)
    .withExif({ IFD0: { Artist: "somebody" } })
    .png()
    .toBuffer();
  expect(told.equals(png)).toBe(false);
  const other = await picture("a.png", 30, 40);
  const dir = await files({ "a.png": png, "b.png": told, "c.png": other });
  const [a, b, c] = await Promise.all([
    lookAt(item(join(dir, "a.png"))),
    lookAt(item(join(dir, "b.png"))),
    // The same bytes in rows of another length.
    lookAt(item(join(dir, "c.png"), { width: 30, height: 40 })),
  ]);
  expect(a).toEqual({
    picture: {
      colours: { space: "rgb", bits: 8, alpha: false },
      size: { width: 40, height: 30 },
      digest: expect.any(String),
    },
  });
  expect(b.picture!.digest).toBe(a.picture!.digest);
  expect(c.picture!.digest).not.toBe(a.picture!.digest);
});

test("another size than the annotation's is a problem of the annotation", async () => {
  const dir = await files({ "a.png": await picture("a.png") });
  const found = await lookAt(item(join(dir, "a.png"), { width: 60, annotation: "a.xml" }));
  expect(found.picture?.size).toEqual({ width: 40, height: 30 });
  expect(found.problem).toEqual({
    kind: "size-mismatch",
    file: "a.xml",
    message: "expected the picture's size 40x30, got 60x30",
  });
});

test("what cannot be decoded is a problem of the picture, with nothing to see", async () => {
  const dir = await files({ "a.jpg": await picture("a.jpg"), "b.jpg": "no picture" });
  const file = join(dir, "a.jpg");
  await writeFile(file, (await readFile(file)).subarray(0, 700));
  for (const name of ["a.jpg", "b.jpg", "c.jpg"]) {
    const image = join(dir, name);
    const { picture, problem } = await lookAt(item(image));
    expect(picture).toBeUndefined();
    expect(problem).toMatchObject({ kind: "unreadable-picture", file: image });
  }
});
