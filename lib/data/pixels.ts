import { setImmediate } from "node:timers/promises";
import { SsdError } from "../errors.js";
import type { Dataset, Item } from "./dataset.js";
import { eachOf, inOrder } from "./parallel.js";
import { type Decoded, decodePicture, readDecodedSize, type Size } from "./picture.js";
import { defaultPicture } from "./picture-options.js";
import { Room } from "./room.js";
import { sharp } from "./sharp.js";

// The pixels of a data set's pictures as a holder keeps them: decoded, and shrunk when asked for.

/** A picture's size: decoded, and as it is held, which is smaller only under `maxSide`. */
export interface Measured extends Size {
  held: Size;
}

/** Milliseconds that headers are looked at before others have their turn. */
const longestTurn = 5;

/** Headers read at the same time: they wait for the disk more than they work. */
const headersInFlight = 16;

/**
 * Pictures decoded at the same time: each of libuv's threads has one, and the next ones are read
 * meanwhile.
 */
export const picturesInFlight = 3 * (Number(process.env.UV_THREADPOOL_SIZE) || 4);

/**
 * Sizes of some of a data set's pictures (by default all) from their headers.
 *
 * @throws SsdError BAD_DATA naming a file that is missing or no picture
 */
export async function measure(
  { items, picture = defaultPicture }: Dataset,
  maxSide: number | undefined,
  part: readonly number[] = [...items.keys()],
): Promise<Measured[]> {
  const sizes: Measured[] = [];
  let free = performance.now();
  const look = async (i: number) => {
    if (performance.now() - free > longestTurn) {
      await setImmediate();
      free = performance.now();
    }
    return await readDecodedSize(items[i]!.image, items[i]!, picture);
  };
  for await (const { width, height } of inOrder(part, headersInFlight, look)) {
    const size = { width, height };
    sizes.push({ ...size, held: shrunk(size, maxSide) });
  }
  return sizes;
}

/** Bytes of a picture's pixels. */
export function pixelBytes({ held }: Measured): number {
  return held.width * held.height * 3;
}

/** A size within `maxSide`, of the same aspect. */
export function shrunk({ width, height }: Size, maxSide = Number.POSITIVE_INFINITY): Size {
  const scale = Math.min(1, maxSide / Math.max(width, height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return { width: side(width), height: side(height) };
}

/** Works on pictures by their indices, side by side; each has a room to itself meanwhile. */
export async function eachPicture(
  indices: readonly number[],
  work: (index: number, room: Room) => Promise<void>,
): Promise<void> {
  await eachOf(indices, picturesInFlight, () => {
    const room = new Room();
    return (index) => work(index, room);
  });
}

/**
 * Decodes an item's picture to the pixels a holder keeps; what it keeps is a copy, they may lie in `room`.
 *
 * @throws SsdError BAD_DATA naming the file, also when its size is no longer what its header told
 */
export async function decodeItem(
  item: Item,
  size: Measured,
  { picture }: Dataset,
  room: Room,
): Promise<Uint8Array> {
  const decoded = await decodePicture(item.image, item, picture, room);
  if (decoded.width !== size.width || decoded.height !== size.height) {
    throw new SsdError(
      "BAD_DATA",
      `${item.image}: expected ${size.width}x${size.height} pixels as its header told, got ${decoded.width}x${decoded.height}; was it changed meanwhile?`,
    );
  }
  return await shrink(decoded, size.held);
}

async function shrink({ data, width, height }: Decoded, held: Size): Promise<Uint8Array> {
  if (held.width === width && held.height === height) return data;
  return await sharp()(data, { raw: { width, height, channels: 3 } })
    .resize(held.width, held.height, { fit: "fill" })
    .raw()
    .toBuffer();
}

/** Everything that decides how a data set's pictures become pixels, as text. */
export function decodingOf({ picture = defaultPicture }: Dataset, maxSide?: number): string {
  return JSON.stringify({ exif: picture.exif, maxSide });
}
