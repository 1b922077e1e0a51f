import { readFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { reason, SsdError } from "../errors.js";
import { type Colours, coloursOf } from "./colours.js";

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
 * @throws SsdError BAD_DATA naming the file
 */
export async function readHeader(file: string): Promise<Header> {
  return await attempt(file, async () => headerOf(await open(file)));
}

/**
 * Decodes a picture to sRGB, 8 bits a channel, without alpha, upright by its EXIF orientation.
 *
 * @param file Path, encoded bytes, or what is decoded already, which is only checked.
 * @param annotated Size the annotation tells. When it is the stored size and the upright one is
 *   another, the boxes were drawn on the picture as stored: then the pixels stay that way too.
 * @throws SsdError BAD_DATA naming the file when it is missing, truncated or no picture
 */
export async function decodePicture(file: PictureInput, annotated?: Size): Promise<Decoded> {
  if (typeof file !== "string" && !(file instanceof Uint8Array)) return checkDecoded(file);
  return await attempt(typeof file === "string" ? file : "picture", async () => {
    const picture = await open(file);
    const { stored, upright } = await headerOf(picture);
    const asStored = annotated && same(annotated, stored) && !same(annotated, upright);
    const { data, info } = await (asStored ? picture : picture.autoOrient())
      .removeAlpha()
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`it has ${info.channels} channels, not 3`);
    return { data, width: info.width, height: info.height };
  });
}

/** Whether a size is the picture's, upright or as stored. */
export function fits(size: Size, { stored, upright }: Header): boolean {
  return same(size, stored) || same(size, upright);
}

/** The sentence about an annotation whose size is not the picture's. */
export function mismatchOf(told: Size, { upright }: Header): string {
  return `expected the picture's size ${upright.width}x${upright.height}, got ${told.width}x${told.height}`;
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

// From memory, not by name: libvips keeps files it opened by name and would not see them change.
// "error" lets harmless warnings of old cameras pass and still refuses truncated files.
async function open(file: string | Uint8Array): Promise<Sharp> {
  return sharp(typeof file === "string" ? await readFile(file) : file, { failOn: "error" });
}

async function headerOf(picture: Sharp): Promise<Header> {
  const metadata = await picture.metadata();
  const { width, height, autoOrient } = metadata;
  return { stored: { width, height }, upright: autoOrient, colours: coloursOf(metadata) };
}

async function attempt<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const told = reason(error).trim().replace(/\s+/g, " ");
    // What libvips says of some data that end too early.
    const why = told === "Unknown error" ? "damaged or truncated data" : told;
    throw new SsdError("BAD_DATA", `${file}: expected a picture that can be decoded, got: ${why}`, {
      cause: error,
    });
  }
}
