import { closeSync, openSync, readSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import type { Sharp } from "sharp";
import { reason, SsdError } from "../errors.js";
import { type Colours, coloursOf } from "./colours.js";
import { decodeJpeg } from "./jpeg.js";
import { formatNames, formatOf, jpegFrame, type PictureFormat } from "./picture-format.js";
import { defaultPicture, type ResolvedPictureOptions } from "./picture-options.js";
import type { Room } from "./room.js";
import { sharp } from "./sharp.js";

/** Pixels. */
export interface Size {
  width: number;
  height: number;
}

/** A decoded picture: u8 RGB, rows without padding. */
export interface Decoded extends Size {
  data: Uint8Array;
}

/** A picture as callers have it: a file's path, encoded bytes, or decoded RGB. */
export type PictureInput = string | Uint8Array | Decoded;

/** What a picture's header tells: its size as it is stored, and upright, after its EXIF orientation. */
export interface Header {
  stored: Size;
  upright: Size;
  colours: Colours;
}

/**
 * Reads a picture's header; its pixels are not decoded.
 *
 * @throws SsdError BAD_DATA naming the file when it is missing, no picture, or larger than `maxPixels`
 */
export async function readHeader(file: string, { maxPixels } = defaultPicture): Promise<Header> {
  return await attempt(file, async () => {
    const head = await readHead(file);
    // The others' header, or what they tell beside it, may stand at the end.
    const early = !head.whole && ["jpeg", "png"].includes(formatOf(head.bytes) ?? "");
    const header =
      (early ? await headerOf(head.bytes).catch(() => undefined) : undefined) ??
      (await headerOf(head.whole ? head.bytes : await readFile(file)));
    refuseLarge(file, header.stored, maxPixels);
    return header;
  });
}

/**
 * The size {@link decodePicture} would decode a file to; its pixels are not decoded.
 *
 * @throws SsdError BAD_DATA as {@link readHeader} does
 */
export async function readDecodedSize(
  file: string,
  annotated: Size,
  options: ResolvedPictureOptions = defaultPicture,
): Promise<Size> {
  // Nearly always a JPEG is as its annotation says: then nobody need ask which way up it is.
  if (options.exif === "auto") {
    const stored = await attempt(file, async () => jpegFrame(glance(file)));
    if (stored !== undefined && same(stored, annotated)) {
      refuseLarge(file, stored, options.maxPixels);
      return annotated;
    }
  }
  return decodedSize(await readHeader(file, options), options.exif, annotated);
}

/**
 * Decodes a picture to RGB, 8 bits a channel: alpha is dropped, gray repeated, 16 bits are scaled,
 * CMYK (also Adobe's inverted one, and YCCK) becomes `(255 - C) * (255 - K) / 255` and so on. Colour
 * profiles are not applied. That is what PIL and OpenCV do, and so what other trainers see. Of several
 * frames the first is taken.
 *
 * @param input Path, encoded bytes, or what is decoded already, which is only checked.
 * @param annotated Size the annotation tells. With `exif: "auto"`, when it is the stored size and the
 *   upright one is another, the boxes were drawn on the picture as stored: the pixels stay so too.
 * @param room What the pixels may lie in, which ends with its next use; by default memory of their own.
 * @throws SsdError BAD_DATA naming the file when it is missing, truncated, no picture, or larger than
 *   `maxPixels`
 */
export async function decodePicture(
  input: PictureInput,
  annotated?: Size,
  options: ResolvedPictureOptions = defaultPicture,
  room?: Room,
): Promise<Decoded> {
  if (typeof input !== "string" && !(input instanceof Uint8Array)) return checkDecoded(input);
  const file = typeof input === "string" ? input : "picture";
  return await attempt(file, async () => {
    // From memory, not by name: libvips keeps files it opened by name and would not see them change.
    const bytes = typeof input === "string" ? await readFile(input) : input;
    try {
      return await decode(bytes, annotated, options, room);
    } catch (error) {
      // Only a failure is worth reading the header once more for: the limit is told with the size.
      const header = await headerOf(bytes).catch(() => undefined);
      if (header !== undefined) refuseLarge(file, header.stored, options.maxPixels);
      throw error;
    }
  });
}

async function decode(
  bytes: Uint8Array,
  annotated: Size | undefined,
  { exif, maxPixels }: ResolvedPictureOptions,
  room: Room | undefined,
): Promise<Decoded> {
  const found = await pixelsOf(bytes, exif !== "ignore", maxPixels, room);
  if (exif !== "auto" || annotated === undefined || !lieAcross(annotated, found)) return found;
  const stored = await pixelsOf(bytes, false, maxPixels, room);
  return same(stored, annotated) ? stored : found;
}

async function pixelsOf(
  bytes: Uint8Array,
  turn: boolean,
  maxPixels: number,
  room: Room | undefined,
): Promise<Decoded> {
  const plain = await decodeJpeg(bytes, turn, maxPixels, room);
  if (plain !== undefined) return plain;
  const cmyk = await isCmyk(bytes);
  const picture = openPicture(bytes, turn, maxPixels);
  const { data, info } = await (cmyk ? picture.pipelineColourspace("cmyk") : picture.removeAlpha())
    .toColourspace(cmyk ? "cmyk" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (cmyk) return { data: inkToRgb(data, channels), width, height };
  if (channels !== 3) throw new Error(`it has ${channels} channels, not 3`);
  return { data, width, height };
}

/** Whether a picture is one of inks. */
async function isCmyk(bytes: Uint8Array): Promise<boolean> {
  const format = expectFormat(bytes);
  if (format === "jpeg") return jpegFrame(bytes)?.components === 4;
  if (format !== "tiff") return false;
  const { space, depth } = await openPicture(bytes).metadata();
  if (space === "cmyk" && depth !== "uchar") throw new Error(`CMYK of ${depth}, not of 8 bits`);
  return space === "cmyk";
}

function inkToRgb(ink: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((ink.length / channels) * 3);
  for (let from = 0, to = 0; from < ink.length; from += channels) {
    const light = 255 - ink[from + 3]!;
    for (let c = 0; c < 3; c++) rgb[to++] = Math.round(((255 - ink[from + c]!) * light) / 255);
  }
  return rgb;
}

/** Whether a size is the picture's: upright, as stored, or with `"auto"` either. */
export function fits(size: Size, { stored, upright }: Header, exif = defaultPicture.exif): boolean {
  return (exif !== "apply" && same(size, stored)) || (exif !== "ignore" && same(size, upright));
}

/** The size {@link decodePicture} decodes a picture to, with the size an annotation tells if any. */
export function decodedSize(
  { stored, upright }: Header,
  exif = defaultPicture.exif,
  annotated?: Size,
): Size {
  const drawnAsStored =
    exif === "auto" && annotated && same(annotated, stored) && !same(annotated, upright);
  return exif === "ignore" || drawnAsStored ? stored : upright;
}

/** The sentence about an annotation whose size is not the picture's. */
export function mismatchOf(told: Size, header: Header, exif = defaultPicture.exif): string {
  const { width, height } = decodedSize(header, exif);
  return `expected the picture's size ${width}x${height}, got ${told.width}x${told.height}`;
}

function checkDecoded(picture: Decoded): Decoded {
  const { data, width, height } = picture;
  if (data.length === width * height * 3) return picture;
  throw new SsdError(
    "BAD_DATA",
    `picture: expected ${width} x ${height} x 3 bytes of RGB, got ${data.length}`,
  );
}

function same(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

function lieAcross(a: Size, b: Size): boolean {
  return a.width === b.height && a.height === b.width && a.width !== a.height;
}

// "error" lets harmless warnings of old cameras pass and still refuses truncated files.
function openPicture(bytes: Uint8Array, autoOrient = false, maxPixels?: number): Sharp {
  const limitInputPixels = maxPixels ?? false;
  return sharp()(bytes, { failOn: "error", ignoreIcc: true, autoOrient, limitInputPixels });
}

function expectFormat(bytes: Uint8Array): PictureFormat {
  if (bytes.length === 0) throw new Error("an empty file");
  const format = formatOf(bytes);
  if (format === undefined) throw new Error(`none of ${formatNames}`);
  return format;
}

async function headerOf(bytes: Uint8Array): Promise<Header> {
  expectFormat(bytes);
  const metadata = await openPicture(bytes).metadata();
  const { width, height, autoOrient } = metadata;
  return { stored: { width, height }, upright: autoOrient, colours: coloursOf(metadata) };
}

/** Holds the frame header of a JPEG without EXIF data; Node takes such buffers from a pool. */
const glanceBytes = 4000;
/** Holds the headers of nearly all pictures, EXIF thumbnails and colour profiles included. */
const headBytes = 1 << 17;

/**
 * The beginning of a file, at once: a look takes tens of microseconds, which is less than to ask another
 * thread for it three times. Whoever has many to take lets others run in between.
 */
function glance(file: string): Uint8Array {
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.allocUnsafe(glanceBytes);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, glanceBytes, 0));
  } finally {
    closeSync(descriptor);
  }
}

async function readHead(file: string): Promise<{ bytes: Uint8Array; whole: boolean }> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(headBytes), 0, headBytes, 0);
    return { bytes: buffer.subarray(0, bytesRead), whole: bytesRead < headBytes };
  } finally {
    await handle.close();
  }
}

function refuseLarge(file: string, { width, height }: Size, limit: number): void {
  if (width * height <= limit) return;
  const message = `${file}: expected a picture of at most ${limit} pixels (maxPixels), got ${width}x${height}`;
  throw new SsdError("BAD_DATA", message);
}

async function attempt<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SsdError) throw error;
    const told = reason(error).trim().replace(/\s+/g, " ");
    // What libvips says of some data that end too early.
    const why = told === "Unknown error" ? "damaged or truncated data" : told;
    throw new SsdError("BAD_DATA", `${file}: expected a picture that can be decoded, got: ${why}`, {
      cause: error,
    });
  }
}
