import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { decodePicture, fits, readHeader } from "../../../lib/data/picture.js";
import { temporaryFolder } from "../../support/temporary.js";
import { picture, writeFiles } from "../../support/voc.js";

const raw = (channels: 1 | 2 | 3 | 4) => ({ raw: { width: 6, height: 4, channels } }) as const;
const pixels = (channels: number) => Uint8Array.from({ length: 24 * channels }, (_, i) => i * 2);

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const file = join(temporaryFolder(), name);
  await writeFile(file, bytes);
  return file;
}

describe("every kind of picture becomes three channels of 8 bits", () => {
  const kinds: [string, () => Sharp][] = [
    ["JPEG", () => sharp(pixels(3), raw(3)).jpeg()],
    ["progressive JPEG", () => sharp(pixels(3), raw(3)).jpeg({ progressive: true })],
    ["gray JPEG", () => sharp(pixels(1), raw(1)).jpeg()],
    ["CMYK JPEG", () => sharp(pixels(3), raw(3)).toColourspace("cmyk").jpeg()],
    ["PNG with alpha", () => sharp(pixels(4), raw(4)).png()],
    ["gray PNG with alpha", () => sharp(pixels(2), raw(2)).png()],
    ["16-bit PNG", () => sharp(pixels(3), raw(3)).toColourspace("rgb16").png()],
    ["palette PNG", () => sharp(pixels(3), raw(3)).png({ palette: true })],
  ];
  test.each(kinds)("%s", async (_, make) => {
    const decoded = await decodePicture(await write("a.img", await make().toBuffer()));
    expect([decoded.width, decoded.height, decoded.data.length]).toEqual([6, 4, 72]);
  });
});

test("values: PNG is exact, alpha is dropped, gray is repeated, 16 bits are scaled", async () => {
  const rgb = await write("a.png", await sharp(pixels(3), raw(3)).png().toBuffer());
  expect([...(await decodePicture(rgb)).data]).toEqual([...pixels(3)]);
  const rgba = await write("b.png", await sharp(pixels(4), raw(4)).png().toBuffer());
  const opaque = [...pixels(4)].filter((_, i) => i % 4 !== 3);
  expect([...(await decodePicture(rgba)).data]).toEqual(opaque);
  const gray = await write("c.png", await sharp(pixels(1), raw(1)).png().toBuffer());
  expect([...(await decodePicture(gray)).data]).toEqual([...pixels(1)].flatMap((v) => [v, v, v]));
  const deep = sharp(pixels(3), raw(3)).toColourspace("rgb16").png();
  const { data } = await decodePicture(await write("d.png", await deep.toBuffer()));
  expect([...data].every((v, i) => Math.abs(v - pixels(3)[i]!) <= 1)).toBe(true);
});

describe("EXIF orientation", () => {
  const turned = async () =>
    await write(
      "a.jpg",
      await sharp(pixels(3), raw(3)).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    );

  test("the header tells both sizes", async () => {
    const header = await readHeader(await turned());
    expect(header).toEqual({
      stored: { width: 6, height: 4 },
      upright: { width: 4, height: 6 },
      colours: { space: "rgb", bits: 8, alpha: false },
    });
    expect(fits({ width: 6, height: 4 }, header)).toBe(true);
    expect(fits({ width: 4, height: 6 }, header)).toBe(true);
    expect(fits({ width: 4, height: 4 }, header)).toBe(false);
  });

  test("upright, unless the boxes were drawn on the picture as stored", async () => {
    const file = await turned();
    expect(await decodePicture(file)).toMatchObject({ width: 4, height: 6 });
    expect(await decodePicture(file, { width: 4, height: 6 })).toMatchObject({ width: 4 });
    expect(await decodePicture(file, { width: 99, height: 9 })).toMatchObject({ width: 4 });
    expect(await decodePicture(file, { width: 6, height: 4 })).toMatchObject({ width: 6 });
  });
});

describe("refuses, naming the file", () => {
  test.each(["a.jpg", "a.png"])("a truncated %s", async (name) => {
    const whole = await picture(name, 60, 50);
    const file = await write(name, whole.subarray(0, whole.length * 0.7));
    expect(await readHeader(file)).toMatchObject({ stored: { width: 60, height: 50 } });
    await expect(decodePicture(file)).rejects.toMatchObject({ code: "BAD_DATA" });
    await expect(decodePicture(file)).rejects.toThrow(`${file}: expected a picture`);
  });

  test.each([
    ["empty", ""],
    ["text", "hello"],
  ])("an %s file", async (_, content) => {
    const folder = await writeFiles(temporaryFolder(), { "a.jpg": content });
    await expect(decodePicture(join(folder, "a.jpg"))).rejects.toThrow(
      /a\.jpg: expected a picture/,
    );
    await expect(readHeader(join(folder, "a.jpg"))).rejects.toMatchObject({ code: "BAD_DATA" });
  });

  test("a missing file", async () => {
    await expect(readHeader(join(temporaryFolder(), "none.jpg"))).rejects.toThrow(/ENOENT/);
  });
});

test("a file that changed is not taken from memory", async () => {
  const file = await write("a.png", await sharp(pixels(3), raw(3)).png().toBuffer());
  await decodePicture(file);
  await writeFile(file, await picture("a.png"));
  expect(await decodePicture(file)).toMatchObject({ width: 40, height: 30 });
});
