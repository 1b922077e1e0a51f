import { crc32 } from "node:zlib";
import { mutateBytes } from "./bytes.mjs";
import { instructions, mutatePickle } from "./pickle.mjs";
import { interesting } from "./random.mjs";
import { unzip, zip } from "./zip.mjs";

// Changes that know a format: of a pickle's instructions, a JSON header, an array's header, an
// archive's members. Lengths and checksums are put right again, so that a reader gets past them.

/** A changed file, or undefined where its structure cannot be made out any more. */
export function mutateStructure(bytes, random, other) {
  try {
    if (bytes.subarray(0, 2).equals(Buffer.from("PK"))) return mutateArchive(bytes, random, other);
    if (bytes[8] === 0x7b) return mutateSafetensors(bytes, random);
    if (bytes[0] === 0x80) return mutateLegacy(bytes, random);
  } catch {
    // Damaged by a change before: there is no structure left to change.
  }
  return undefined;
}

function mutateArchive(bytes, random, other) {
  const members = unzip(bytes);
  for (let i = random.length(3); i > 0; i--) changeMember(members, random, other);
  const wrong = random.chance(0.03) ? random.pick(members) : undefined;
  if (wrong !== undefined) wrong.crc = crc32(wrong.data) ^ 1;
  return zip(members);
}

function changeMember(members, random, other) {
  const at = random.below(members.length);
  const member = members[at];
  if (random.chance(0.6)) {
    // What says where all else lies is worth the most.
    const key = members.find(({ name }) => name.endsWith(".pkl")) ?? member;
    key.data = content(key, random, other) ?? mutateBytes(key.data, random, other);
    return;
  }
  switch (random.below(7)) {
    case 0:
      members.splice(at, 1);
      break;
    case 1:
      members.splice(random.below(members.length), 0, { ...member });
      break;
    case 2:
      member.name = random.pick(members).name + random.pick(["", "x", "/", "\\..\\a", ".npy"]);
      break;
    case 3:
      member.deflate = !member.deflate;
      break;
    case 4:
      member.data = random.pick(members).data;
      break;
    case 5:
      if (other[0] === 0x50) members.push(random.pick(unzip(other)));
      break;
    default:
      member.data = mutateBytes(member.data, random, other);
  }
}

function content({ name, data }, random) {
  if (name.endsWith(".pkl")) return mutatePickle(Buffer.from(data), random)?.bytes;
  if (name.endsWith(".npy")) return mutateNpy(Buffer.from(data), random);
  return undefined;
}

/** Another number, dtype, order or piece of the text, at the length that the header then has. */
function mutateNpy(bytes, random) {
  const start = 10 + bytes.readUInt16LE(8);
  let text = bytes.toString("latin1", 10, start);
  const parts = [/\d+/, /<f4|<f8|<f2|<i4|<i8|\|u1|\|b1/, /True|False/, /,|'|\(|\)|\{|\}|:/];
  const found = random.pick(parts);
  const instead = [
    String(random.pick(interesting)),
    random.pick(["<f2", "<f4", "<f8", "<i8", "|b1", ">f4", "|O", "<U9", "<c8"]),
    random.pick(["True", "False", "None"]),
    random.pick(["", ",", "(", ")", "'", "1, ", "\n", "}", "0,"]),
  ][parts.indexOf(found)];
  const places = [...text.matchAll(new RegExp(found, "g"))];
  if (places.length === 0) return undefined;
  const { index, 0: old } = random.pick(places);
  text = text.slice(0, index) + instead + text.slice(index + old.length);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  const head = [bytes.subarray(0, 8), length, Buffer.from(text, "latin1")];
  return Buffer.concat([...head, bytes.subarray(start)]);
}

function mutateSafetensors(bytes, random) {
  const start = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString("utf8", 8, start));
  for (let i = random.length(3); i > 0; i--) changeJson(header, random);
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, bytes.subarray(start)]);
}

/** Changes one value somewhere, adds one, takes one away, or moves one to another name. */
function changeJson(node, random) {
  const keys = Object.keys(node);
  if (keys.length === 0) return;
  const key = random.pick(keys);
  const value = node[key];
  if (typeof value === "object" && value !== null && random.chance(0.7)) {
    changeJson(value, random);
    return;
  }
  const strange = [null, true, "x", "F64", "U8", [], {}, [0], { toString: 1 }, "\u0007", 0.5];
  const name = random.pick(["__proto__", "__metadata__", "constructor", "", "sha256", "a\nb", "0"]);
  const set = (to) =>
    Object.defineProperty(node, name, {
      value: to,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  switch (random.below(5)) {
    case 0:
      delete node[key];
      if (Array.isArray(node)) node.length--;
      break;
    case 1:
      set(value);
      break;
    case 2:
      node[key] = random.pick(strange);
      break;
    case 3:
      node[key] = node[random.pick(keys)];
      break;
    default:
      node[key] = typeof value === "number" ? random.integer() : random.pick(strange);
  }
}

/** One of the five pickles changed, or a storage's count behind them. */
function mutateLegacy(bytes, random) {
  const starts = [0];
  for (let i = 0; i < 5; i++) starts.push(instructions(bytes, starts.at(-1)).end);
  if (random.chance(0.15)) {
    const changed = Buffer.from(bytes);
    changed.writeBigInt64LE(BigInt.asIntN(64, BigInt(random.integer())), starts[5]);
    return changed;
  }
  const which = random.chance(0.7) ? 3 : random.below(5);
  const pickle = mutatePickle(bytes, random, starts[which]);
  return Buffer.concat([
    bytes.subarray(0, starts[which]),
    pickle.bytes,
    bytes.subarray(pickle.end),
  ]);
}
