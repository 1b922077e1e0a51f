import { exifOrientation } from "./exif.js";

// What a picture's first bytes tell. The content decides, not the extension.

export type PictureFormat = "jpeg" | "png" | "webp" | "tiff" | "gif" | "avif";

/** First characters; "?" is any. */
const signatures: [PictureFormat, string][] = [
  ["jpeg", "\xff\xd8\xff"],
  ["png", "\x89PNG\r\n\x1a\n"],
  ["webp", "RIFF????WEBP"],
  ["tiff", "II*\0"],
  ["tiff", "II+\0"],
  ["tiff", "MM\0*"],
  ["tiff", "MM\0+"],
  ["gif", "GIF87a"],
  ["gif", "GIF89a"],
  ["avif", "????ftypavif"],
  ["avif", "????ftypavis"],
  ["avif", "????ftypmif1"],
];

/** For messages. */
export const formatNames = "JPEG, PNG, WebP, TIFF, GIF or AVIF";

/** The format of encoded bytes; undefined when it is none that is read (SVG is a program, not a picture). */
export function formatOf(bytes: Uint8Array): PictureFormat | undefined {
  const head = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  const begins = (signature: string) =>
    [...signature].every((character, i) => character === "?" || character === head[i]);
  return signatures.find(([, signature]) => begins(signature))?.[0];
}

/** What the frame header of a JPEG tells, in pixels as stored. */
export interface JpegFrame {
  width: number;
  height: number;
  components: number;
  /** Whether it is known to lie as it is stored: Exif says so, or there is none. */
  upright: boolean;
}

/** The frame header of a JPEG; undefined when there is none in these bytes. */
export function jpegFrame(bytes: Uint8Array): JpegFrame | undefined {
  const pair = (at: number) => (bytes[at]! << 8) | bytes[at + 1]!;
  let at = 2;
  let upright = true;
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    // Fill bytes, and markers that stand alone.
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else if (isFrame(marker)) {
      const [height, width] = [pair(at + 5), pair(at + 7)];
      return { height, width, components: bytes[at + 9]!, upright };
    } else {
      const end = at + 2 + pair(at + 2);
      if (marker === 0xe1) upright &&= exifOrientation(bytes.subarray(at + 4, end)) === 1;
      at = end;
    }
  }
  return undefined;
}

/** SOF0 to SOF15, among which three markers of other kinds lie. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
