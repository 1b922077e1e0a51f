import { crc32 } from "node:zlib";

/** A member of a ZIP file as a test wants it, also as no honest program would write it. */
export interface ZipMember {
  name: string;
  text?: string;
  /** Unix mode with its file type, for example 0o120777 for a symbolic link. */
  mode?: number;
  /** A checksum that does not fit, when given. */
  crc?: number;
}

/** A ZIP file in memory: members are stored as they are, names are not looked at. */
export function zip(members: readonly ZipMember[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name);
    const data = Buffer.from(member.text ?? "");
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed; flags, method (stored) and time stay 0
    common.writeUInt32LE(member.crc ?? crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    bodies.push(Buffer.from("PK\x03\x04"), common, name, data);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((member.mode ?? 0o100644) << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02"), Buffer.from([20, 3]), common, rest, name);
    offset += 30 + name.length + data.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, entries, Buffer.from("PK\x05\x06"), end]);
}
