import { reason } from "../errors.js";
import type { Box } from "./dataset.js";
import { decodedSize, fits, type Header, mismatchOf, readHeader, type Size } from "./picture.js";
import type { ResolvedPictureOptions } from "./picture-options.js";
import { Unusable } from "./reader.js";

/** The size boxes are placed in, and a sentence when the annotation told another. */
export interface ToldSize {
  size: Size;
  mismatch: string | undefined;
}

/**
 * Size of the picture that boxes were drawn on. The annotation is believed, but not against its own
 * boxes: when one reaches outside, the picture's header decides.
 *
 * @param told The size in the annotation `file`, if any.
 * @throws Unusable "unreadable-picture" when only the header could tell and does not
 */
export async function toldSize(
  told: Size | undefined,
  boxes: readonly Box[],
  image: string,
  file: string,
  picture: ResolvedPictureOptions,
): Promise<ToldSize> {
  const holds = ({ width, height }: Size) =>
    boxes.every((box) => !(box[2] > width) && !(box[3] > height));
  if (told !== undefined && holds(told)) return { size: told, mismatch: undefined };
  let header: Header;
  try {
    header = await readHeader(image, picture);
  } catch (error) {
    // Whoever decodes the picture will say so; the boxes can be placed without it.
    if (told !== undefined) return { size: told, mismatch: undefined };
    const message = `${file} tells no size, and the picture neither: ${reason(error)}`;
    throw new Unusable("unreadable-picture", image, message);
  }
  const size = decodedSize(header, picture.exif);
  if (told === undefined) return { size, mismatch: undefined };
  if (fits(told, header, picture.exif)) return { size: told, mismatch: undefined };
  return { size, mismatch: mismatchOf(told, header, picture.exif) };
}
