import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";

// Pictures that no encoder writes as wanted, byte by byte.

/** An uncompressed TIFF of 8 or 16 bits; photometric 5 is CMYK (255 all ink), 2 RGB, 1 gray. */
export function tiff(
  data: Uint8Array,
  width: number,
  height: number,
  samples: number,
  photometric: number,
  depth = 8,
): Buffer {
  const entries: [tag: number, type: 3 | 4, value: number][] = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, depth],
    [259, 3, 1],
    [262, 3, photometric],
    [273, 4, 8],
    [277, 3, samples],
    [278, 4, height],
    [279, 4, data.length],
  ];
  const head = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(8 + data.length + 2 * samples, 4);
  // Bits of each sample; where there are several, the entry tells where they stand.
  const bits = Buffer.alloc(2 * samples);
  for (let i = 0; i < samples; i++) bits.writeUInt16LE(depth, 2 * i);
  const table = Buffer.alloc(2 + 12 * entries.length + 4);
  table.writeUInt16LE(entries.length, 0);
  entries.forEach(([tag, type, value], i) => {
    const many = tag === 258 && samples > 2;
    table.writeUInt16LE(tag, 2 + 12 * i);
    table.writeUInt16LE(type, 4 + 12 * i);
    table.writeUInt32LE(tag === 258 ? samples : 1, 6 + 12 * i);
    table.writeUInt32LE(many ? 8 + data.length : value, 10 + 12 * i);
  });
  return Buffer.concat([head, data, bits, table]);
}

/** A picture of one ink mixture (C, M, Y, K; 255 is all ink) as bytes of a CMYK TIFF. */
export function inkTiff(ink: readonly number[], width = 16, height = 16): Buffer {
  const pixels = Uint8Array.from({ length: width * height * 4 }, (_, i) => ink[i % 4]!);
  return tiff(pixels, width, height, 4, 5);
}

/** The same as a JPEG with Adobe's marker, inks inverted as all programs write them. */
export async function inkJpeg(ink: readonly number[]): Promise<Buffer> {
  return await sharp(inkTiff(ink))
    .pipelineColourspace("cmyk")
    .toColourspace("cmyk")
    .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
    .toBuffer();
}

/** A JPEG with Adobe's marker changed: another transform, or no marker at all. */
export function withAdobe(jpeg: Buffer, transform: number | undefined): Buffer {
  const at = jpeg.indexOf("Adobe", 0, "latin1") - 4;
  if (at < 0) throw new Error("no marker of Adobe's");
  const bytes = Buffer.from(jpeg);
  const length = bytes.readUInt16BE(at + 2);
  if (transform === undefined) {
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 2 + length)]);
  }
  bytes[at + 15] = transform;
  return bytes;
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), 4 + body.length);
  return out;
}

/** A PNG of any header: rows as they are stored, without filters; `extra` chunks come before them. */
export function png(
  [width, height]: readonly [number, number],
  bits: number,
  colour: number,
  rows: readonly Uint8Array[],
  extra: Readonly<Record<string, Uint8Array>> = {},
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bits;
  header[9] = colour;
  const data = deflateSync(Buffer.concat(rows.flatMap((row) => [Buffer.alloc(1), row])));
  return Buffer.concat([
    pngSignature,
    chunk("IHDR", header),
    ...Object.entries(extra).map(([type, bytes]) => chunk(type, bytes)),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A JPEG whose frame header claims another size. */
export function claiming(jpeg: Buffer, width: number, height: number): Buffer {
  const at = jpeg.indexOf(Buffer.from([0xff, 0xc0, 0x00, 0x11, 0x08]));
  if (at < 0) throw new Error("no frame header");
  const bytes = Buffer.from(jpeg);
  bytes.writeUInt16BE(height, at + 5);
  bytes.writeUInt16BE(width, at + 7);
  return bytes;
}

/** The contents of an Exif segment: entries of one value each. */
export function exifSegment(
  entries: readonly (readonly [tag: number, type: number, value: number])[],
  order: "II" | "MM",
): Buffer {
  const bytes = Buffer.alloc(6 + 8 + 2 + 12 * entries.length + 4);
  const write = (at: number, value: number, length: 2 | 4) =>
    order === "II" ? bytes.writeUIntLE(value, at, length) : bytes.writeUIntBE(value, at, length);
  bytes.write(`Exif\0\0${order}`, 0, "latin1");
  write(8, 42, 2);
  write(10, 8, 4);
  write(14, entries.length, 2);
  entries.forEach(([tag, type, value], i) => {
    const at = 16 + 12 * i;
    write(at, tag, 2);
    write(at + 2, type, 2);
    write(at + 4, 1, 4);
    write(at + 8, value, type === 3 ? 2 : 4);
  });
  return bytes;
}
