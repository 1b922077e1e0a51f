// Changes of bytes that know nothing of what they mean. Each takes bytes, a Random and other bytes
// to cross with, and returns new ones.

const changes = [flip, truncate, cut, insert, repeat, overwrite, number, splice, cross];

/** One to a few changes. */
export function mutateBytes(bytes, random, other = bytes) {
  let changed = bytes;
  for (let i = random.length(4); i > 0; i--) changed = random.pick(changes)(changed, random, other);
  return changed;
}

function flip(bytes, random) {
  const changed = Buffer.from(bytes);
  if (bytes.length > 0) changed[random.below(bytes.length)] ^= 1 << random.below(8);
  return changed;
}

function truncate(bytes, random) {
  return bytes.subarray(0, random.below(bytes.length + 1));
}

function cut(bytes, random) {
  const { begin, end } = range(bytes, random);
  return Buffer.concat([bytes.subarray(0, begin), bytes.subarray(end)]);
}

function insert(bytes, random) {
  return at(bytes, random, random.bytes(random.length(16)));
}

function repeat(bytes, random) {
  const { begin, end } = range(bytes, random);
  return at(bytes, random, bytes.subarray(begin, end));
}

function overwrite(bytes, random) {
  const { begin, end } = range(bytes, random);
  const filled = Buffer.alloc(end - begin, random.pick([0, 0xff, 0x7f, 0x80, 0x20]));
  return Buffer.concat([bytes.subarray(0, begin), filled, bytes.subarray(end)]);
}

function number(bytes, random) {
  const width = random.pick([1, 2, 4, 8]);
  if (bytes.length < width) return bytes;
  const changed = Buffer.from(bytes);
  const value = BigInt.asUintN(8 * width, BigInt(random.integer()));
  const start = random.below(bytes.length - width + 1);
  for (let i = 0; i < width; i++) changed[start + i] = Number((value >> BigInt(8 * i)) & 255n);
  return changed;
}

function splice(bytes, random, other) {
  const { begin, end } = range(other, random);
  return at(bytes, random, other.subarray(begin, end));
}

function cross(bytes, random, other) {
  return Buffer.concat([
    bytes.subarray(0, random.below(bytes.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ]);
}

function range(bytes, random) {
  const begin = random.below(bytes.length + 1);
  const longest = bytes.length - begin;
  return { begin, end: begin + Math.min(longest, random.length(Math.max(1, longest))) };
}

function at(bytes, random, inserted) {
  const place = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, place), inserted, bytes.subarray(place)]);
}
