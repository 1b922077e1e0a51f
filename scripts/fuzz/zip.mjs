import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";

// ZIP archives, also such as no honest program would write.

/**
 * An archive of members `{ name, data or text, mode?, crc?, deflate? }`; checksums and sizes fit
 * unless `crc` says otherwise, names are not looked at.
 */
export function zip(members) {
  const bodies = [];
  const directory = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name);
    const data = member.data ?? Buffer.from(member.text ?? "");
    const body = member.deflate ? deflateRawSync(data) : data;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed; flags and time stay 0
    common.writeUInt16LE(member.deflate ? 8 : 0, 4);
    common.writeUInt32LE(member.crc ?? crc32(data), 10);
    common.writeUInt32LE(body.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    bodies.push(Buffer.from("PK\x03\x04"), common, name, body);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((member.mode ?? 0o100644) << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02"), Buffer.from([20, 3]), common, rest, name);
    offset += 30 + name.length + body.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, entries, Buffer.from("PK\x05\x06"), end]);
}

/** The members of a sound archive, as {@link zip} takes them; throws where it is none. */
export function unzip(bytes) {
  const members = [];
  const end = bytes.lastIndexOf("PK\x05\x06");
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extra, comment] = [28, 30, 32].map((i) => bytes.readUInt16LE(at + i));
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const body = bytes.subarray(start, start + bytes.readUInt32LE(at + 20));
    const deflate = bytes.readUInt16LE(at + 10) === 8;
    const limits = { maxOutputLength: 2 ** 20 };
    members.push({ name, data: deflate ? inflateRawSync(body, limits) : body, deflate });
    at += 46 + nameLength + extra + comment;
  }
  return members;
}
