import type { Metadata } from "sharp";

/** How a picture file stores its colours; decoding makes 8-bit RGB of all. */
export interface Colours {
  /** `palette` is RGB by a table; what is none of the four goes by libvips' name. */
  space: "grey" | "rgb" | "cmyk" | "palette" | (string & {});
  /** Bits of a channel. */
  bits: number;
  alpha: boolean;
}

const spaces: Record<string, Colours["space"]> = {
  "b-w": "grey",
  grey16: "grey",
  srgb: "rgb",
  rgb16: "rgb",
};
const depths: Record<string, number> = { uchar: 8, ushort: 16, float: 32 };

/** The colours that a picture's metadata tell of. */
export function coloursOf({
  space,
  depth,
  hasAlpha,
  isPalette,
}: Pick<Metadata, "space" | "depth" | "hasAlpha" | "isPalette">): Colours {
  return {
    space: isPalette ? "palette" : (spaces[space] ?? space),
    bits: depths[depth] ?? 8,
    alpha: hasAlpha,
  };
}

/** For example `8-bit rgb with alpha`. */
export function coloursText({ space, bits, alpha }: Colours): string {
  return `${bits}-bit ${space}${alpha ? " with alpha" : ""}`;
}
