import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { exifOrientation } from "../../../lib/data/exif.js";
import { jpegFrame } from "../../../lib/data/picture-format.js";
import { exifSegment } from "../../support/encoded.js";
import { picture } from "../../support/voc.js";

type Entry = [tag: number, type: number, value: number];
const turned: Entry = [0x112, 3, 6];
const maker: Entry = [0x10f, 2, 1];

describe("the orientation an Exif segment tells", () => {
  test.each(["II", "MM"] as const)("in the order of bytes %s", (order) => {
    for (let value = 1; value <= 8; value++) {
      expect(exifOrientation(exifSegment([maker, [0x112, 3, value], maker], order))).toBe(value);
    }
  });

  test("is upright where nothing is told", () => {
    expect(exifOrientation(exifSegment([maker], "II"))).toBe(1);
    expect(exifOrientation(exifSegment([], "MM"))).toBe(1);
    expect(exifOrientation(Buffer.from("http://ns.adobe.com/xap/1.0/\0"))).toBe(1);
    expect(exifOrientation(new Uint8Array())).toBe(1);
  });

  test.each<[string, Uint8Array]>([
    ["no order of bytes", Buffer.from("Exif\0\0XX*\0\0\0\0\x08")],
    ["nothing after it", Buffer.from("Exif\0\0II")],
    ["a list outside the segment", Buffer.from("Exif\0\0II*\0\xff\0\0\0", "latin1")],
    ["more entries than bytes", exifSegment([turned], "II").subarray(0, -8)],
    ["a value of 0", exifSegment([[0x112, 3, 0]], "II")],
    ["a value of 9", exifSegment([[0x112, 3, 9]], "II")],
    ["another type", exifSegment([[0x112, 4, 6]], "II")],
  ])("cannot be understood: %s", (_, segment) => {
    expect(exifOrientation(segment)).toBeUndefined();
  });

  test("any bytes are an answer", () => {
    const bytes = fc.uint8Array({ maxLength: 80 });
    const head = fc.constantFrom(
      "",
      "Exif\0\0",
      "Exif\0\0II*\0\x08\0\0\0",
      "Exif\0\0MM\0*\0\0\0\x08",
    );
    fc.assert(
      fc.property(head, bytes, (text, rest) => {
        const found = exifOrientation(Buffer.concat([Buffer.from(text, "latin1"), rest]));
        expect(found === undefined || (found >= 1 && found <= 8)).toBe(true);
      }),
    );
  });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "a JPEG of orientation %i, as sharp reads it",
  async (orientation) => {
    const jpeg = await sharp(await picture("a.jpg"))
      .withMetadata({ orientation })
      .toBuffer();
    expect((await sharp(jpeg).metadata()).orientation).toBe(orientation);
    expect(jpegFrame(jpeg)).toEqual({
      ...{ width: 40, height: 30, components: 3 },
      upright: orientation === 1,
    });
  },
);
