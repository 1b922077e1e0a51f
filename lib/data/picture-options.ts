import { z } from "zod";

/** How pictures are decoded; an option of reading, training and evaluating. */
export const pictureOptions = z.strictObject({
  exif: z
    .enum(["auto", "apply", "ignore"])
    .default("auto")
    .describe("EXIF orientation: auto leaves a picture as stored when its boxes were drawn so"),
  maxPixels: z
    .int()
    .positive()
    .default(100_000_000)
    .describe("larger pictures are refused, before a pixel is decoded"),
});

/**
 * Input form of `pictureOptions`, every field optional.
 *
 * `exif`: `"auto"` (default) turns a picture upright by its EXIF orientation, but leaves it as it is
 * stored when the annotated size is the stored one; `"apply"` always turns it, `"ignore"` never.
 * `maxPixels` (default 100 000 000): pictures of more are refused, as their headers tell.
 */
export type PictureOptions = z.input<typeof pictureOptions>;
export type ResolvedPictureOptions = z.output<typeof pictureOptions>;

export const defaultPicture: ResolvedPictureOptions = pictureOptions.parse({});
