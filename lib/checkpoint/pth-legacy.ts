import { shown } from "./damage.js";
import { type Extent, fileExtent } from "./entry.js";
import { namedTensors } from "./flatten.js";
import { unpickle } from "./pickle.js";
import { CutShort, PickleInput } from "./pickle-input.js";
import type { World } from "./pickle-machine.js";
import { Storages, storageBytes } from "./pickle-storages.js";
import { Dict, kindOf, type Value } from "./pickle-values.js";
import { entriesOf, torchWorld } from "./pth.js";
import type { Source } from "./source.js";
import type { WeightEntry } from "./weights.js";

// PyTorch's files from 0.2 to 1.5, and since then on request: five pickles one after the other, then
// each storage with its number of elements before it. They carry no checksum.

const magic = 0x1950a86a20f9469cfc6cn;
const protocol = 1001;
/** Bytes that are read at first; the pickles of most models are shorter. */
const firstBytes = 2 ** 18;

/** What the pickles say. */
interface Pickles {
  value: Value;
  /** Keys of the storages in the order of their bytes. */
  keys: string[];
  /** Where the first one begins. */
  end: number;
}

/**
 * The tensors of such a file by {@link namedTensors}.
 *
 * @throws SsdError BAD_CHECKPOINT.
 */
export async function readLegacyPth(source: Source): Promise<Map<string, WeightEntry>> {
  const { storages, world, pickles } = await readPickles(source);
  const tensors = namedTensors(pickles.value, world);
  const extents = new Map<string, Extent>();
  let position = pickles.end;
  for (const key of pickles.keys) {
    const storage = storages.get(key);
    if (storage === undefined || extents.has(key))
      throw source.bad(`expected each storage of its tensors once, got ${shown(key)}`);
    const count = (await source.read(position, 8)).readBigInt64LE();
    if (count !== BigInt(storage.count))
      throw source.bad(`storage ${shown(key)}: expected ${storage.count} elements, got ${count}`);
    const bytes = storageBytes(storage);
    position += 8;
    extents.set(key, fileExtent(source, position, bytes));
    position += bytes;
    if (position > source.size) break;
  }
  if (position !== source.size)
    throw source.bad(`expected ${position} bytes, got ${source.size} (cut short?)`);
  return entriesOf(source, tensors, ({ key }) => {
    const extent = extents.get(key);
    if (extent !== undefined) return extent;
    throw source.bad(`expected the bytes of storage ${shown(key)}, got none`);
  });
}

/** Reads the pickles from a beginning of the file; from a longer one if they do not end in it. */
async function readPickles(source: Source) {
  for (let length = firstBytes; ; length *= 4) {
    const bytes = await source.read(0, Math.min(length, source.size));
    source.budget.take(bytes.length, "its pickles");
    const storages = new Storages((why) => source.bad(why));
    const world = torchWorld(source, storages);
    try {
      return { storages, world, pickles: pickles(new PickleInput(bytes), world) };
    } catch (error) {
      if (!(error instanceof CutShort)) throw error;
      if (bytes.length === source.size)
        throw source.bad("expected whole pickles, got an end within one (cut short?)");
    }
  }
}

function pickles(input: PickleInput, world: World): Pickles {
  const number = unpickle(input, world);
  if (number !== magic)
    throw world.bad("expected the magic number of PyTorch's files, got another pickle");
  const version = unpickle(input, world);
  if (version !== protocol)
    throw world.bad(`expected version ${protocol} of the format, got ${kindOf(version)}`);
  const system = unpickle(input, world);
  if (!(system instanceof Dict) || system.get("little_endian") !== true)
    throw world.bad("expected little-endian numbers");
  const value = unpickle(input, world);
  const keys = unpickle(input, world);
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string"))
    throw world.bad("expected the keys of its storages");
  return { value, keys, end: input.position };
}
