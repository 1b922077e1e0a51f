import { loadLoader } from "../native.js";
import type { Decoded } from "./picture.js";
import { jpegFrame } from "./picture-format.js";
import { Room } from "./room.js";

let decoder: ReturnType<typeof findDecoder> | undefined;

/** What everyday JPEGs are decoded by on this machine; all other pictures are by sharp. */
export function jpegDecoder(): "libjpeg-turbo" | "sharp" {
  decoder ??= findDecoder();
  return decoder === null ? "sharp" : "libjpeg-turbo";
}

/**
 * Decodes an everyday JPEG by the machine's libjpeg-turbo: the pixels sharp gives, in less than half the
 * time. Undefined for all that is not, and for what is damaged: sharp knows what to do, or what to say.
 *
 * @param turn Whether EXIF counts.
 * @param room What the pixels may lie in.
 */
export async function decodeJpeg(
  bytes: Uint8Array,
  turn: boolean,
  maxPixels: number,
  room = new Room(),
): Promise<Decoded | undefined> {
  decoder ??= findDecoder();
  const frame = jpegFrame(bytes);
  if (decoder === null || frame === undefined || frame.components === 4) return undefined;
  const { width, height, upright } = frame;
  const pixels = width * height;
  if ((turn && !upright) || pixels === 0 || pixels > maxPixels) return undefined;
  const data = room.for(pixels * 3);
  return (await decoder(bytes, data, width, height)) ? { data, width, height } : undefined;
}

function findDecoder() {
  try {
    return loadLoader().decodeJpeg ?? null;
  } catch {
    // Without native parts there are pictures still; who cannot do without is told by the engine.
    return null;
  }
}
