import type { Sharp } from "sharp";
import { z } from "zod";
import { type Decoded, decodePicture, type PictureInput, type Size } from "../data/picture.js";
import { sharp } from "../data/sharp.js";
import { reason, SsdError } from "../errors.js";
import { parseOptions } from "../options.js";
import { hex, labelColour, type Rgb } from "./colour.js";
import { type DrawnBox, n, type Rect, tag } from "./tag.js";

export type { DrawnBox } from "./tag.js";

const drawOptions = z.strictObject({
  classes: z
    .custom<readonly string[]>(Array.isArray, "expected a list of names")
    .optional()
    .describe("class list: gives its classes distinct colours; otherwise their names decide"),
  format: z.enum(["png", "jpeg"]).default("png").describe("of the bytes that come back"),
  quality: z.int().min(1).max(100).default(85).describe("of a jpeg"),
  maxSide: z
    .int()
    .positive()
    .optional()
    .describe("shrinks larger pictures to this, before drawing"),
});

/** Options of {@link drawDetections}; every field optional. */
export type DrawOptions = z.input<typeof drawOptions>;

/**
 * Draws boxes with names and scores over a picture. Lines and letters grow with the picture, tags stay
 * inside it and out of each other's way where there is room. Needs no fonts; letters beyond ASCII
 * become `?`.
 *
 * @param picture Path of a file, its bytes (either is turned upright by its EXIF orientation), or
 *   decoded RGB of `width * height * 3` bytes.
 * @returns The bytes of a PNG or JPEG.
 * @throws SsdError BAD_DATA when the picture cannot be read or a box is not finite
 */
export async function drawDetections(
  picture: PictureInput,
  boxes: readonly DrawnBox[],
  options?: DrawOptions,
): Promise<Buffer> {
  const { classes, format, quality, maxSide } = parseOptions(drawOptions, options, "draw options");
  const decoded = await decodePicture(picture);
  const within = Math.min(maxSide ?? Number.POSITIVE_INFINITY, longerSide(decoded));
  const drawn = drawBoxes(decoded, boxes, sized(decoded, within), classes);
  try {
    return await (format === "png" ? drawn.png() : drawn.jpeg({ quality })).toBuffer();
  } catch (error) {
    throw unreadable(error);
  }
}

/**
 * A picture in the size of a canvas with boxes drawn over it, RGB, ready to be encoded.
 *
 * @param boxes In pixels of the picture.
 * @throws SsdError BAD_DATA when a box is not finite
 */
export function drawBoxes(
  { data, width, height }: Decoded,
  boxes: readonly DrawnBox[],
  canvas: Size,
  classes?: readonly string[],
): Sharp {
  const scaled = boxes.map((drawn, i) =>
    scale(drawn, i, canvas.width / width, canvas.height / height),
  );
  const overlay = Buffer.from(overlaySvg(canvas, scaled, classes));
  return sharp()(data, { raw: { width, height, channels: 3 } })
    .resize({ ...canvas, fit: "fill" })
    .composite([{ input: overlay, left: 0, top: 0 }])
    .removeAlpha();
}

/** The size whose longer side is `side`, of a picture's shape. */
export function sized(picture: Size, side: number): Size {
  const share = side / longerSide(picture);
  return {
    width: Math.max(1, Math.round(picture.width * share)),
    height: Math.max(1, Math.round(picture.height * share)),
  };
}

const longerSide = ({ width, height }: Size) => Math.max(width, height);

function unreadable(cause: unknown): SsdError {
  return new SsdError(
    "BAD_DATA",
    `picture: expected a picture that can be decoded: ${reason(cause)}`,
    {
      cause,
    },
  );
}

function scale(drawn: DrawnBox, index: number, byX: number, byY: number): DrawnBox {
  const [x1, y1, x2, y2] = drawn.box;
  if (![x1, y1, x2, y2].every(Number.isFinite)) {
    const came = drawn.box.join(", ");
    throw new SsdError(
      "BAD_DATA",
      `box ${index} (${drawn.label}): expected finite corners, got [${came}]`,
    );
  }
  return { ...drawn, box: [x1 * byX, y1 * byY, x2 * byX, y2 * byY] };
}

/** The overlay: boxes first, then all tags, so that no line runs through a name. */
function overlaySvg(size: Size, boxes: DrawnBox[], classes: readonly string[] | undefined): string {
  const side = Math.sqrt(size.width * size.height);
  const line = Math.max(1.5, side / 280);
  const capital = Math.max(8, side / 55);
  // Lower scores first: where boxes overlap, the surest is on top.
  const order = [...boxes].sort((a, b) => rank(a) - rank(b));
  const rects = order.map((drawn) => outline(drawn, size, line, labelColour(drawn.label, classes)));
  const taken: Rect[] = [];
  const tags = order
    .toReversed()
    .map((drawn) => tag(drawn, size, capital, line, labelColour(drawn.label, classes), taken));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}">` +
    `${rects.join("")}${tags.reverse().join("")}</svg>`
  );
}

const rank = ({ kind, score }: DrawnBox): number => (kind === "truth" ? -1 : (score ?? 1));

function outline({ box, kind }: DrawnBox, size: Size, line: number, colour: Rgb): string {
  const clamp = (value: number, most: number): number =>
    Math.min(Math.max(value, line / 2), Math.max(line / 2, most - line / 2));
  const [x1, y1] = [clamp(box[0], size.width), clamp(box[1], size.height)];
  const [x2, y2] = [clamp(box[2], size.width), clamp(box[3], size.height)];
  const at = `x="${n(x1)}" y="${n(y1)}" width="${n(x2 - x1)}" height="${n(y2 - y1)}" fill="none"`;
  const dash = kind === "truth" ? ` stroke-dasharray="${n(4 * line)} ${n(2.5 * line)}"` : "";
  const halo = `<rect ${at} stroke="#000" stroke-opacity=".45" stroke-width="${n(line * 1.8)}"/>`;
  return `${halo}<rect ${at} stroke="${hex(colour)}" stroke-width="${n(line)}"${dash}/>`;
}
