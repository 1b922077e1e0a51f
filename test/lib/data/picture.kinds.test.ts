import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { decodePicture, readHeader } from "../../../lib/data/picture.js";
import { formatOf, jpegFrame } from "../../../lib/data/picture-format.js";
import { claiming, inkJpeg, inkTiff, png, tiff, withAdobe } from "../../support/encoded.js";
import { temporaryFolder } from "../../support/temporary.js";
import { picture } from "../../support/voc.js";

const first = async (bytes: Uint8Array) => [...(await decodePicture(bytes)).data.subarray(0, 3)];
const all = async (bytes: Uint8Array) => [...(await decodePicture(bytes)).data];
const grays = (...values: number[]) => values.flatMap((value) => [value, value, value]);

describe("inks become light: (255 - C) * (255 - K) / 255", () => {
  test.each([
    ["no ink", [0, 0, 0, 0], [255, 255, 255]],
    ["black", [0, 0, 0, 255], [0, 0, 0]],
    ["half black", [0, 0, 0, 128], [127, 127, 127]],
    ["cyan", [255, 0, 0, 0], [0, 255, 255]],
    ["a mixture", [10, 200, 100, 30], [216, 49, 137]],
  ])("%s", async (_, ink, rgb) => {
    expect(await first(inkTiff(ink))).toEqual(rgb);
    const jpeg = await inkJpeg(ink);
    expect(jpegFrame(jpeg)?.components).toBe(4);
    expect(await first(jpeg)).toEqual(rgb);
    // Without Adobe's marker inks are taken for inverted too, as PIL and OpenCV do.
    expect(await first(withAdobe(jpeg, undefined))).toEqual(rgb);
  });

  test("YCCK: the same bytes read as luma, chroma and black", async () => {
    // Stored inverted: Y 245, Cb 128, Cr 128 are 245 of each ink.
    expect(await first(withAdobe(await inkJpeg([10, 127, 127, 0]), 2))).toEqual([10, 10, 10]);
    // Cb 155 and Cr 55 take 1.772 * 27 to the yellow, -1.402 * 73 to the cyan, 42.9 to the magenta.
    const mixed = await first(withAdobe(await inkJpeg([55, 100, 200, 55]), 2));
    [200 - 102.3, 200 - 9.3 + 52.1, 200 + 47.8].forEach((inkOf, c) => {
      const rgb = ((255 - Math.min(255, inkOf)) * 200) / 255;
      expect(Math.abs(mixed[c]! - rgb)).toBeLessThanOrEqual(1.5);
    });
  });

  test("of 16 bits they are refused", async () => {
    const deep = tiff(new Uint8Array(2 * 2 * 4 * 2), 2, 2, 4, 5, 16);
    await expect(decodePicture(deep)).rejects.toThrow(/CMYK of ushort, not of 8 bits/);
  });
});

describe("depths and palettes of PNG", () => {
  test("16 bits are scaled, not clipped", async () => {
    expect(await all(png([2, 1], 16, 0, [Uint8Array.from([0x80, 0xff, 0x12, 0x34])]))).toEqual(
      grays(0x80, 0x12),
    );
    expect(await all(png([1, 1], 16, 2, [Uint8Array.from([0x80, 9, 0x12, 9, 0xff, 9])]))).toEqual([
      0x80, 0x12, 0xff,
    ]);
    const alpha = [Uint8Array.from([0x80, 9, 0x12, 9, 0xff, 9, 0, 0])];
    expect(await all(png([1, 1], 16, 6, alpha))).toEqual([0x80, 0x12, 0xff]);
  });

  test("1, 2 and 4 bits of gray are spread", async () => {
    const row = Uint8Array.from([0b10110000]);
    expect(await all(png([4, 1], 1, 0, [row]))).toEqual(grays(255, 0, 255, 255));
    expect(await all(png([4, 1], 2, 0, [row]))).toEqual(grays(170, 255, 0, 0));
    expect(await all(png([2, 1], 4, 0, [row]))).toEqual(grays(187, 0));
  });

  test("a palette's colours, whatever of them is transparent", async () => {
    const colours = Uint8Array.from([1, 2, 3, 4, 5, 6]);
    const rows = [Uint8Array.from([1, 0])];
    expect(await all(png([2, 1], 8, 3, rows, { PLTE: colours }))).toEqual([4, 5, 6, 1, 2, 3]);
    const seen = { PLTE: colours, tRNS: Uint8Array.from([0, 128]) };
    expect(await all(png([2, 1], 8, 3, rows, seen))).toEqual([4, 5, 6, 1, 2, 3]);
    expect(await all(png([8, 1], 1, 3, [Uint8Array.from([0b01000000])], seen))).toEqual([
      ...[1, 2, 3, 4, 5, 6],
      ...Array.from({ length: 18 }, (_, i) => (i % 3) + 1),
    ]);
  });
});

describe("other formats", () => {
  const red = { width: 8, height: 8, channels: 3 as const, background: { r: 250, g: 20, b: 10 } };

  test.each(["webp", "tiff", "gif", "avif", "jpeg", "png"] as const)("%s", async (format) => {
    const bytes = await sharp({ create: red })[format]({ quality: 100 }).toBuffer();
    expect(formatOf(bytes)).toBe(format);
    const rgb = await first(bytes);
    const off = [250, 20, 10].map((value, c) => Math.abs(rgb[c]! - value));
    expect(Math.max(...off)).toBeLessThanOrEqual(3);
  });

  test("a gray TIFF, and progressive JPEG as sequential", async () => {
    expect(await all(tiff(Uint8Array.from([7, 8]), 2, 1, 1, 1))).toEqual(grays(7, 8));
    const jpeg = await picture("a.jpg", 64, 48);
    const progressive = await sharp(jpeg).jpeg({ progressive: true, quality: 90 }).toBuffer();
    const sequential = await sharp(jpeg).jpeg({ quality: 90 }).toBuffer();
    expect(await all(progressive)).toEqual(await all(sequential));
  });

  test.each(["gif", "webp"] as const)("an animated %s is its first frame", async (format) => {
    const frames = Uint8Array.from(
      [...Array(64).fill(0), ...Array(64).fill(255)].flatMap((v) => [v, v, v]),
    );
    const raw = { width: 8, height: 16, channels: 3 as const, pageHeight: 8 };
    const moving = sharp(frames, { raw });
    const bytes = await (format === "gif"
      ? moving.gif()
      : moving.webp({ lossless: true })
    ).toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);
    expect(await decodePicture(bytes)).toMatchObject({ width: 8, height: 8 });
    expect(await first(bytes)).toEqual([0, 0, 0]);
  });

  test("the content decides, not the extension", async () => {
    const file = join(temporaryFolder(), "a.jpg");
    await writeFile(file, await picture("a.png"));
    expect(await readHeader(file)).toMatchObject({ stored: { width: 40, height: 30 } });
    expect(await decodePicture(file)).toMatchObject({ width: 40, height: 30 });
  });

  test("colour profiles are not applied, as PIL and OpenCV do not", async () => {
    const file = await sharp({ create: red }).withIccProfile("p3").png().toBuffer();
    expect((await sharp(file).metadata()).icc).toBeDefined();
    const stored = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
    expect(await first(file)).toEqual([...stored.subarray(0, 3)]);
    const applied = await sharp(file).raw().toBuffer();
    expect(await first(file)).not.toEqual([...applied.subarray(0, 3)]);
  });
});

describe("refuses, saying why", () => {
  test.each<[string, string | Uint8Array, RegExp]>([
    ["an empty file", "", /got: an empty file/],
    ["text", "hello", /got: none of JPEG, PNG/],
    ["SVG", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', /none of JPEG/],
    ["a mere beginning", Buffer.from([0xff, 0xd8, 0xff, 0xe0]), /expected a picture that can be/],
    ["a PNG without pixels", png([4, 4], 8, 2, []), /expected a picture that can be/],
  ])("%s", async (_, content, message) => {
    const file = join(temporaryFolder(), "a.jpg");
    await writeFile(file, content);
    const failure = decodePicture(file);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toMatchObject({ code: "BAD_DATA" });
    await expect(failure).rejects.toThrow(file);
  });

  test("a folder called x.jpg", async () => {
    const folder = join(temporaryFolder(), "x.jpg");
    await mkdir(folder);
    await expect(decodePicture(folder)).rejects.toThrow(/x\.jpg: expected a picture.*EISDIR/);
    await expect(readHeader(folder)).rejects.toThrow(/x\.jpg: expected a picture.*EISDIR/);
  });

  test.each(["jpg", "png", "webp", "tif", "gif"])("a truncated .%s", async (kind) => {
    const whole = sharp(await picture("a.png", 90, 80));
    const format = ({ jpg: "jpeg", tif: "tiff" } as Record<string, string>)[kind] ?? kind;
    const bytes = await whole.toFormat(format as "jpeg").toBuffer();
    await expect(decodePicture(bytes.subarray(0, bytes.length * 0.6))).rejects.toMatchObject({
      code: "BAD_DATA",
    });
  });
});

describe("a picture over the limit is refused by its header", () => {
  const limit = { exif: "auto", maxPixels: 1199 } as const;

  test.each(["a.jpg", "a.png"])("%s, in the header and in decoding", async (name) => {
    const file = join(temporaryFolder(), name);
    await writeFile(file, await picture(name));
    const sentence = `${file}: expected a picture of at most 1199 pixels (maxPixels), got 40x30`;
    await expect(decodePicture(file, undefined, limit)).rejects.toThrow(sentence);
    await expect(readHeader(file, limit)).rejects.toThrow(sentence);
    expect(await decodePicture(file, undefined, { ...limit, maxPixels: 1200 })).toBeDefined();
  });

  test("bombs: small files that claim thousands of megapixels", async () => {
    const jpeg = claiming(await picture("a.jpg"), 65_000, 65_000);
    const bombs = [
      [png([60_000, 60_000], 8, 2, []), "60000x60000"],
      [png([60_000, 60_000], 1, 0, [new Uint8Array(8)]), "60000x60000"],
      [jpeg, "65000x65000"],
    ] as const;
    for (const [bytes, size] of bombs) {
      const start = performance.now();
      await expect(decodePicture(bytes)).rejects.toThrow(
        `expected a picture of at most 100000000 pixels (maxPixels), got ${size}`,
      );
      expect(performance.now() - start).toBeLessThan(2000);
    }
  });
});

describe("EXIF orientation", () => {
  const shown: Record<number, [number, number, number[]]> = {
    1: [3, 2, [10, 20, 30, 40, 50, 60]],
    2: [3, 2, [30, 20, 10, 60, 50, 40]],
    3: [3, 2, [60, 50, 40, 30, 20, 10]],
    4: [3, 2, [40, 50, 60, 10, 20, 30]],
    5: [2, 3, [10, 40, 20, 50, 30, 60]],
    6: [2, 3, [40, 10, 50, 20, 60, 30]],
    7: [2, 3, [60, 30, 50, 20, 40, 10]],
    8: [2, 3, [30, 60, 20, 50, 10, 40]],
  };
  const values = Uint8Array.from(grays(10, 20, 30, 40, 50, 60));
  const turned = (orientation: number) =>
    sharp(values, { raw: { width: 3, height: 2, channels: 3 } })
      .withMetadata({ orientation })
      .png()
      .toBuffer();

  test.each(Object.entries(shown))(
    "%s is put upright",
    async (orientation, [width, height, gray]) => {
      const bytes = await turned(Number(orientation));
      const upright = { width, height, data: Buffer.from(grays(...gray)) };
      const stored = { width: 3, height: 2, data: Buffer.from(values) };
      expect(await decodePicture(bytes)).toEqual(upright);
      const decode = (exif: "auto" | "apply" | "ignore", size?: [number, number]) =>
        decodePicture(bytes, size && { width: size[0], height: size[1] }, { exif, maxPixels: 6 });
      expect(await decode("apply")).toEqual(upright);
      expect(await decode("apply", [3, 2])).toEqual(upright);
      expect(await decode("ignore")).toEqual(stored);
      expect(await decode("ignore", [2, 3])).toEqual(stored);
      // What the annotation tells decides where the two have different sizes.
      expect(await decode("auto", [3, 2])).toEqual(width === 2 ? stored : upright);
      expect(await decode("auto", [2, 3])).toEqual(upright);
      expect(await decode("auto", [9, 9])).toEqual(upright);
    },
  );

  test("a JPEG's, and a header that is longer than what is read at once", async () => {
    const raw = { raw: { width: 3, height: 2, channels: 3 as const } };
    const jpeg = await sharp(values, raw).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const filler = Buffer.concat([Buffer.from([0xff, 0xed, 0xff, 0xff]), Buffer.alloc(0xfffd)]);
    const long = Buffer.concat([jpeg.subarray(0, 2), filler, filler, filler, jpeg.subarray(2)]);
    const file = join(temporaryFolder(), "a.jpg");
    await writeFile(file, long);
    expect(await readHeader(file)).toEqual({
      stored: { width: 3, height: 2 },
      upright: { width: 2, height: 3 },
      colours: { space: "rgb", bits: 8, alpha: false },
    });
    expect(await decodePicture(file)).toMatchObject({ width: 2, height: 3 });
  });
});
