import { z } from "zod";
import { inOrder } from "../data/parallel.js";
import { decodePicture, type PictureInput, type Size } from "../data/picture.js";
import { sharp } from "../data/sharp.js";
import { SsdError } from "../errors.js";
import { parseOptions } from "../options.js";
import { hex, type Rgb } from "./colour.js";
import { drawBoxes, sized } from "./draw.js";
import { textPath } from "./font.js";
import { type DrawnBox, writing } from "./tag.js";

/** A labelled box of a picture on a sheet. */
export interface SheetBox extends Pick<DrawnBox, "label" | "box"> {
  /** Why training leaves it out, for example `difficult`: it is dashed, and that stands behind its name. */
  ignored?: string;
}

/** A picture on a sheet. */
export interface SheetCell {
  picture: PictureInput;
  boxes: readonly SheetBox[];
  /** A line below it; what is too long for the cell is cut at its start. */
  caption: string;
}

/** Options of {@link contactSheet}. */
export const sheetOptions = z.strictObject({
  classes: z
    .custom<readonly string[]>(Array.isArray, "expected a list of names")
    .optional()
    .describe("class list: gives its classes distinct colours"),
  side: z.int().min(64).max(2048).default(400).describe("of a cell in pixels"),
  columns: z.int().positive().optional().describe("by default about as many as rows"),
});
export type SheetOptions = z.input<typeof sheetOptions>;

const background = { r: 24, g: 27, b: 31 };
/** Of a cell beside its picture. */
const ground: Rgb = [33, 37, 42];
const ink: Rgb = [214, 219, 224];
/** Pixels between cells, height of a caption, and of its capitals. */
const gap = 14;
const captionHeight = 24;
const capital = 10;
/** Pictures under way at once. */
const parallel = 4;

/**
 * Draws pictures with their boxes into one: cells of equal size, each with a picture as large as fits and
 * a caption.
 *
 * @param cells In reading order; one that is a function is made when its turn comes, so that large pictures
 *   are not all in memory at once.
 * @returns The bytes of a PNG.
 * @throws SsdError BAD_DATA without cells, for a picture that cannot be decoded or a box that is not finite
 */
export async function contactSheet(
  cells: readonly (SheetCell | (() => Promise<SheetCell>))[],
  options?: SheetOptions,
): Promise<Buffer> {
  const { classes, side, columns } = parseOptions(sheetOptions, options, "sheet options");
  if (cells.length === 0) {
    throw new SsdError("BAD_DATA", "contact sheet: expected at least one picture, got none");
  }
  const drawn: Drawn[] = [];
  for await (const one of inOrder(cells, parallel, drawCell(side, classes))) drawn.push(one);
  const grid = gridOf(drawn, side, columns);
  const size = {
    width: gap + grid.across * (grid.width + gap),
    height: gap + grid.down * (grid.height + captionHeight + gap),
  };
  const under = drawn.map(({ caption }, i) => frame(caption, placeOf(i, grid), grid)).join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}">${under}</svg>`;
  const pictures = drawn.map(({ data, width, height }, i) => {
    const { x, y } = placeOf(i, grid);
    return {
      input: data,
      raw: { width, height, channels: 3 as const },
      left: x + Math.floor((grid.width - width) / 2),
      top: y + Math.floor((grid.height - height) / 2),
    };
  });
  return await sharp()({ create: { ...size, channels: 3, background } })
    .composite([{ input: Buffer.from(svg), left: 0, top: 0 }, ...pictures])
    .removeAlpha()
    .png()
    .toBuffer();
}

/** A picture as it goes on the sheet. */
interface Drawn extends Size {
  /** RGB. */
  data: Buffer;
  caption: string;
}

/** Size of a cell, and how many there are side by side and one below the other. */
interface Grid extends Size {
  across: number;
  down: number;
}

/** Cells that are as large as the pictures need: those of a set are often all of one shape. */
function gridOf(drawn: readonly Drawn[], side: number, columns: number | undefined): Grid {
  const across = Math.min(drawn.length, columns ?? Math.ceil(Math.sqrt(drawn.length)));
  return {
    // Half the side at least, for the caption.
    width: Math.max(Math.ceil(side / 2), ...drawn.map(({ width }) => width)),
    height: Math.max(...drawn.map(({ height }) => height)),
    across,
    down: Math.ceil(drawn.length / across),
  };
}

function placeOf(index: number, { width, height, across }: Grid): { x: number; y: number } {
  return {
    x: gap + (index % across) * (width + gap),
    y: gap + Math.floor(index / across) * (height + captionHeight + gap),
  };
}

function drawCell(side: number, classes: readonly string[] | undefined) {
  return async (given: SheetCell | (() => Promise<SheetCell>)): Promise<Drawn> => {
    const { picture, boxes, caption } = typeof given === "function" ? await given() : given;
    const decoded = await decodePicture(picture);
    // Without detections beside them, the plainer line of the two is free for what is trained on.
    const styled = boxes.map(
      ({ ignored, ...box }): DrawnBox =>
        ignored === undefined
          ? { ...box, kind: "detection" }
          : { ...box, remark: ignored, kind: "truth" },
    );
    const canvas = sized(decoded, side);
    const data = await drawBoxes(decoded, styled, canvas, classes).raw().toBuffer();
    return { ...canvas, data, caption };
  };
}

/** What lies under a picture: the ground of its cell, and the caption. */
function frame(text: string, { x, y }: { x: number; y: number }, { width, height }: Size): string {
  let shown = text;
  // The end of a path says more than its start.
  for (let drop = 1; textPath(shown, capital).width > width && drop < text.length; drop++) {
    shown = `...${text.slice(drop)}`;
  }
  const path = textPath(shown, capital);
  const below = y + height + (captionHeight - capital) / 2;
  return (
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${hex(ground)}"/>` +
    writing(path, x + (width - path.width) / 2, below, ink)
  );
}
