import { webcrypto } from "node:crypto";
import { reason } from "../errors.js";
import type { Colours } from "./colours.js";
import type { Item, Problem } from "./dataset.js";
import { decodePicture, fits, mismatchOf, readHeader, type Size } from "./picture.js";
import { defaultPicture, type ResolvedPictureOptions } from "./picture-options.js";

/** What a picture turned out to be. */
export interface Look {
  /** None when it cannot be decoded. */
  picture?: {
    colours: Colours;
    /** As it was decoded. */
    size: Size;
    /** Equal for equal pixels of equal size, whatever file they come from. */
    digest: string;
  };
  problem?: Problem;
}

/** Decodes a picture whole: a truncated one has a good header. */
export async function lookAt(
  item: Item,
  options: ResolvedPictureOptions = defaultPicture,
): Promise<Look> {
  const { image, annotation = image } = item;
  try {
    const header = await readHeader(image, options);
    const { data, width, height } = await decodePicture(image, item, options);
    const digest = `${width}x${height} ${await sha256(data)}`;
    const picture = { colours: header.colours, size: { width, height }, digest };
    if (fits(item, header, options.exif)) return { picture };
    const message = mismatchOf(item, header, options.exif);
    return { picture, problem: { kind: "size-mismatch", file: annotation, message } };
  } catch (error) {
    return { problem: { kind: "unreadable-picture", file: image, message: reason(error) } };
  }
}

// Web crypto hashes on a thread of its own; a big picture takes tens of milliseconds.
async function sha256(data: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest("SHA-256", data)).toString("hex");
}
