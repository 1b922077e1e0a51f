const orientation = 0x112;
const short = 3;

/**
 * How a picture lies, 1 (upright) to 8, as the APP1 segment of a JPEG tells (Exif 2.3, 4.6.4); 1 when
 * it does not tell, undefined when it cannot be understood.
 */
export function exifOrientation(segment: Uint8Array): number | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...segment.subarray(from, to));
  if (text(0, 6) !== "Exif\0\0") return 1;
  const order = text(6, 8);
  if (order !== "II" && order !== "MM") return undefined;
  const little = order === "II";
  const tiff = new DataView(segment.buffer, segment.byteOffset + 6, segment.byteLength - 6);
  const has = (end: number) => end <= tiff.byteLength;
  if (!has(8)) return undefined;
  const first = tiff.getUint32(4, little);
  if (!has(first + 2)) return undefined;
  const entries = tiff.getUint16(first, little);
  if (!has(first + 2 + 12 * entries)) return undefined;
  for (let at = first + 2; at < first + 2 + 12 * entries; at += 12) {
    if (tiff.getUint16(at, little) !== orientation) continue;
    const value = tiff.getUint16(at + 8, little);
    const valid = tiff.getUint16(at + 2, little) === short && value >= 1 && value <= 8;
    return valid ? value : undefined;
  }
  return 1;
}
