// Pickles as rows of instructions, so that a change of one leaves the others where they are.

/** Bytes of an instruction's argument: as many, as a length before it says, or lines. */
const fixed = { K: 1, M: 2, J: 4, G: 8, h: 1, j: 4, q: 1, r: 4, "\x80": 1, "\x95": 8 };
const counted = { X: 4, T: 4, B: 4, "\x8b": 4, U: 1, C: 1, "\x8a": 1, "\x8c": 1 };
const lines = { c: 2, i: 2, P: 1, I: 1, L: 1, F: 1, S: 1, V: 1, g: 1, p: 1 };

const globals = [
  "os\nsystem",
  "builtins\neval",
  "torch._utils\n_rebuild_tensor",
  "torch._utils\n_rebuild_tensor_v2",
  "torch._utils\n_rebuild_tensor_v3",
  "torch._utils\n_rebuild_parameter",
  "torch\nSize",
  "torch._utils\n_rebuild_parameter_with_state",
  "torch._tensor\n_rebuild_from_type_v2",
  "collections\nOrderedDict",
  "collections\nCounter",
  "torch\nFloatStorage",
  "torch\nByteStorage",
  "torch\nLongStorage",
  "torch.storage\nUntypedStorage",
  "torch\nfloat64",
  "torch\nTensor",
];

const others = [
  "(",
  ")",
  "]",
  "}",
  "N",
  "R",
  "b",
  "t",
  "u",
  "e",
  "s",
  "a",
  "Q",
  "0",
  "1",
  "2",
  "o",
  "\x81",
  "\x8f",
  "\x90",
  "\x93",
  "\x94",
  "\x85",
  "\x86",
  "\x87",
  "\x88",
  "\x89",
  "X\x01\0\0\0a",
  "U\x01b",
  "K\0",
  "h\0",
  "h\x01",
  "h\x05",
  "q\0",
  "q\x07",
  "\x8a\x08\0\0\0\0\0\0\0\x80",
  "G\x7f\xf8\0\0\0\0\0\0",
];

/** The instructions of one pickle from `start` on, and where it ends; undefined if it does not. */
export function instructions(bytes, start = 0) {
  const found = [];
  for (let at = start; at < bytes.length; ) {
    const code = String.fromCharCode(bytes[at]);
    const end = endOf(bytes, at + 1, code);
    if (end === undefined || end > bytes.length) return undefined;
    found.push(bytes.subarray(at, end));
    at = end;
    if (code === ".") return { found, end };
  }
  return undefined;
}

function endOf(bytes, at, code) {
  if (counted[code] === 4)
    return at + 4 > bytes.length ? undefined : at + 4 + bytes.readUInt32LE(at);
  if (counted[code] === 1) return at + 1 > bytes.length ? undefined : at + 1 + bytes[at];
  let end = at + (fixed[code] ?? 0);
  for (let left = lines[code] ?? 0; left > 0; left--) {
    end = bytes.indexOf("\n", end) + 1;
    if (end === 0) return undefined;
  }
  return end;
}

/** A pickle with a few of its instructions changed, or undefined if it cannot be told apart. */
export function mutatePickle(bytes, random, start = 0) {
  const parsed = instructions(bytes, start);
  if (parsed === undefined || parsed.found.length < 2) return undefined;
  const list = [...parsed.found];
  for (let i = random.length(3); i > 0; i--) change(list, random);
  // A frame's length fits only what it was made for.
  const kept = random.chance(0.9) ? list.filter((one) => one[0] !== 0x95) : list;
  return { bytes: Buffer.concat(kept), end: parsed.end };
}

function change(list, random) {
  const at = random.below(list.length);
  const one = list[at];
  switch (random.below(10)) {
    case 0:
      list.splice(at, random.length(8));
      break;
    case 1:
      list.splice(at, 0, Buffer.from(random.pick(others), "latin1"));
      break;
    case 2:
      list.splice(random.below(list.length), 0, ...list.slice(at, at + random.length(40)));
      break;
    case 3: {
      const [a, b] = [random.below(list.length), at];
      [list[a], list[b]] = [list[b], list[a]];
      break;
    }
    case 4:
      list[at] = Buffer.from(`c${random.pick(globals)}\n`);
      break;
    case 5:
    case 6:
      changeArgument(list, random, one);
      break;
    default:
      changeInteger(list, random);
  }
}

/** Numbers become other numbers, of one instruction like this or of it alone; texts other texts. */
function changeArgument(list, random, like) {
  const alike = [...list.keys()].filter((i) => list[i][0] === like[0] && list[i].length > 1);
  if (alike.length === 0) return;
  const at = random.pick(alike);
  const code = String.fromCharCode(list[at][0]);
  if (code in counted || code in lines) {
    list[at] = list[random.pick(alike)];
    return;
  }
  list[at] = random.chance(0.5) ? integer(random) : list[random.pick(alike)];
}

/** Extents, strides, offsets and counts are what tensors lie with. */
function changeInteger(list, random) {
  const integers = [...list.keys()].filter((i) =>
    "KMJ\x8a".includes(String.fromCharCode(list[i][0])),
  );
  if (integers.length > 0) list[random.pick(integers)] = integer(random);
}

/** An instruction that pushes an integer, of any size. */
function integer(random) {
  const value = random.chance(0.3) ? 0 : random.integer();
  if (value >= 0 && value < 256) return Buffer.from([0x4b, value]);
  const bytes = Buffer.alloc(10);
  bytes[0] = 0x8a;
  bytes[1] = 8;
  bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), 2);
  return bytes;
}
