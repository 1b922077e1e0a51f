import { writeFile } from "node:fs/promises";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { defaultPicture } from "../../../lib/data/picture-options.js";
import { decodeItem, decodingOf, measure, pixelBytes, shrunk } from "../../../lib/data/pixels.js";
import { Room } from "../../../lib/data/room.js";
import { voc } from "../../../lib/data/voc.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, picture, vocXml, writeFiles } from "../../support/voc.js";

describe("a size within a longer side", () => {
  const side = fc.integer({ min: 1, max: 5000 });

  test("is never larger, never nothing, and of the same aspect to a pixel", () => {
    fc.assert(
      fc.property(side, side, side, (width, height, most) => {
        const held = shrunk({ width, height }, most);
        const scale = Math.min(1, most / Math.max(width, height));
        expect(Math.max(held.width, held.height)).toBe(Math.min(most, Math.max(width, height)));
        expect(Math.abs(held.width - Math.max(1, width * scale))).toBeLessThanOrEqual(0.5);
        expect(Math.abs(held.height - Math.max(1, height * scale))).toBeLessThanOrEqual(0.5);
      }),
    );
  });

  test("is the picture's own without one", () => {
    expect(shrunk({ width: 500, height: 375 })).toEqual({ width: 500, height: 375 });
  });
});

async function turned(annotated: number[]) {
  const image = await sharp(await picture("a.jpg"))
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const files = { "a.jpg": image, "a.xml": vocXml([cat], annotated) };
  return await voc(await writeFiles(temporaryFolder(), files)).read();
}

describe("sizes from headers", () => {
  test.each([
    ["auto", [30, 40], 30, 40],
    ["auto", [40, 30], 40, 30],
    ["auto", [80, 60], 30, 40],
    ["apply", [40, 30], 30, 40],
    ["ignore", [30, 40], 40, 30],
  ] as const)("are those it is decoded to: exif %s, annotated as %j", async (exif, told, w, h) => {
    const dataset = { ...(await turned([...told])), picture: { ...defaultPicture, exif } };
    dataset.items[0] = { ...dataset.items[0]!, width: told[0], height: told[1] };
    const [size] = await measure(dataset, undefined);
    expect(size).toEqual({ width: w, height: h, held: { width: w, height: h } });
    const pixels = await decodeItem(dataset.items[0]!, size!, dataset, new Room());
    expect(pixels).toHaveLength(pixelBytes(size!));
  });

  test("of a picture that is too large, or none, are an error that names it", async () => {
    const dataset = await turned([40, 30]);
    const { image } = dataset.items[0]!;
    const picture = { ...defaultPicture, maxPixels: 1000 };
    await expect(measure({ ...dataset, picture }, undefined)).rejects.toThrow(
      `${image}: expected a picture of at most 1000 pixels`,
    );
    await writeFile(image, "no picture");
    await expect(measure(dataset, undefined)).rejects.toMatchObject({ code: "BAD_DATA" });
  });
});

test("what decides the pixels tells packs apart", async () => {
  const dataset = await turned([40, 30]);
  const key = (exif: "auto" | "apply", maxSide?: number) =>
    decodingOf({ ...dataset, picture: { ...defaultPicture, exif } }, maxSide);
  expect(new Set([key("auto"), key("apply"), key("auto", 100), key("auto", 200)]).size).toBe(4);
  expect(decodingOf({ ...dataset, picture: undefined })).toBe(key("auto"));
});
