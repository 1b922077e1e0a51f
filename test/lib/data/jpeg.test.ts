import fc from "fast-check";
import sharp, { type JpegOptions } from "sharp";
import { afterEach, describe, expect, test, vi } from "vitest";
import { decodeJpeg, jpegDecoder } from "../../../lib/data/jpeg.js";
import { decodePicture } from "../../../lib/data/picture.js";
import { Room } from "../../../lib/data/room.js";
import { loadLoader } from "../../../lib/native.js";
import { claiming, inkJpeg } from "../../support/encoded.js";
import { picture } from "../../support/voc.js";

const here = jpegDecoder() === "libjpeg-turbo";
const why = here ? "" : " (skipped: no libturbojpeg on this machine)";
const unlimited = Number.POSITIVE_INFINITY;

/** Noise, so that no two pixels agree by chance. */
async function jpeg(width: number, height: number, options: JpegOptions = {}) {
  const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
  const create = { width, height, channels: 3, background: "black", noise } as const;
  return await sharp({ create })
    .blur(0.8)
    .jpeg({ quality: 85, ...options })
    .toBuffer();
}

async function bySharp(bytes: Uint8Array): Promise<Buffer> {
  return await sharp(bytes, { ignoreIcc: true })
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer();
}

/** The modules anew, where the native parts are what `load` gives. */
async function without(load: () => object) {
  vi.resetModules();
  vi.doMock("../../../lib/native.js", () => ({ loadLoader: load }));
  const { decodePicture } = await import("../../../lib/data/picture.js");
  return { ...(await import("../../../lib/data/jpeg.js")), decodePicture };
}

afterEach(() => {
  vi.doUnmock("../../../lib/native.js");
  vi.resetModules();
});

describe.skipIf(!here)(`by libjpeg-turbo${why}`, () => {
  test.each<[string, number, number, JpegOptions]>([
    ["4:2:0", 64, 48, {}],
    ["4:4:4", 64, 48, { chromaSubsampling: "4:4:4" }],
    ["odd sides", 33, 17, {}],
    ["one pixel", 1, 1, {}],
    ["a line", 1, 70, {}],
    ["progressive", 61, 47, { progressive: true }],
    ["of little quality", 61, 47, { quality: 5 }],
    ["of trellis and own tables", 61, 47, { mozjpeg: true }],
  ])("the pixels are sharp's: %s", async (_, width, height, options) => {
    const bytes = await jpeg(width, height, options);
    const found = await decodeJpeg(bytes, true, unlimited);
    expect(found).toMatchObject({ width, height });
    expect(Buffer.compare(found!.data, await bySharp(bytes))).toBe(0);
  });

  test("gray is repeated", async () => {
    const bytes = await sharp(await jpeg(20, 10))
      .greyscale()
      .toColourspace("b-w")
      .jpeg()
      .toBuffer();
    expect((await sharp(bytes).metadata()).channels).toBe(1);
    const found = await decodeJpeg(bytes, true, unlimited);
    expect(Buffer.compare(found!.data, await bySharp(bytes))).toBe(0);
  });

  test("only everyday ones", async () => {
    const bytes = await jpeg(20, 10);
    expect(await decodeJpeg(bytes, true, 199)).toBeUndefined();
    expect(await decodeJpeg(bytes, true, 200)).toBeDefined();
    expect(await decodeJpeg(await picture("a.png"), true, unlimited)).toBeUndefined();
    expect(await decodeJpeg(await inkJpeg([1, 2, 3, 4]), true, unlimited)).toBeUndefined();
    expect(await decodeJpeg(new Uint8Array(), true, unlimited)).toBeUndefined();
    expect(await decodeJpeg(claiming(bytes, 0, 10), true, unlimited)).toBeUndefined();
    const turned = await sharp(bytes).withMetadata({ orientation: 6 }).toBuffer();
    expect(await decodeJpeg(turned, true, unlimited)).toBeUndefined();
    expect(await decodeJpeg(turned, false, unlimited)).toMatchObject({ width: 20, height: 10 });
  });

  test("the pixels lie in the room", async () => {
    const room = new Room();
    const [large, small] = [await jpeg(40, 30), await jpeg(20, 10)];
    const first = await decodeJpeg(large, true, unlimited, room);
    const second = await decodeJpeg(small, true, unlimited, room);
    expect(second!.data.buffer).toBe(first!.data.buffer);
    expect(Buffer.compare(second!.data, await bySharp(small))).toBe(0);
  });

  test("whatever a file was damaged to: the outcome is that without it", async () => {
    const whole = await jpeg(48, 32);
    const sharpAlone = (await without(() => ({}))).decodePicture;
    const outcome = async (decode: typeof decodePicture, bytes: Uint8Array) => {
      try {
        return Buffer.from((await decode(bytes)).data).toString("base64");
      } catch (error) {
        return String(error);
      }
    };
    const at = fc.nat(whole.length - 1);
    const ends = fc.option(at, { nil: whole.length });
    const outcomes = new Set<boolean>();
    await fc.assert(
      fc.asyncProperty(at, fc.nat(255), ends, async (place, value, end) => {
        const bytes = Buffer.from(whole.subarray(0, end));
        if (place < end) bytes[place] = value;
        const expected = await outcome(sharpAlone, bytes);
        expect(await outcome(decodePicture, bytes)).toBe(expected);
        outcomes.add(expected.startsWith("SsdError"));
      }),
      { numRuns: 300 },
    );
    expect(outcomes.size).toBe(2);
  });

  test.each<[string, unknown[]]>([
    ["nothing", []],
    ["no bytes", ["a.jpg", new Uint8Array(300), 10, 10]],
    ["bytes of another kind", [new Float32Array(4), new Uint8Array(300), 10, 10]],
    ["too little room", [new Uint8Array(4), new Uint8Array(299), 10, 10]],
    ["too much room", [new Uint8Array(4), new Uint8Array(301), 10, 10]],
    ["sides below zero", [new Uint8Array(4), new Uint8Array(300), -10, -10]],
    ["no sides", [new Uint8Array(4), new Uint8Array(0), 0, 0]],
  ])("the native function refuses %s", (_, given) => {
    const decode = loadLoader().decodeJpeg as (...given: unknown[]) => unknown;
    expect(() => decode(...given)).toThrow(/^decodeJpeg: expected a JPEG, room for its pixels/);
  });
});

test.each<[string, () => object]>([
  ["a machine without libturbojpeg", () => ({})],
  [
    "a package without native parts",
    () => {
      throw new Error("none");
    },
  ],
])("on %s sharp decodes everything", async (_, load) => {
  const bytes = await jpeg(20, 10);
  const pixels = await bySharp(bytes);
  const { jpegDecoder, decodeJpeg, decodePicture } = await without(load);
  expect(jpegDecoder()).toBe("sharp");
  expect(await decodeJpeg(bytes, true, unlimited)).toBeUndefined();
  expect(Buffer.compare((await decodePicture(bytes)).data, pixels)).toBe(0);
});
