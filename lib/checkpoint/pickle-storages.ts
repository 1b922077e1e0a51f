import { dtypeBytes } from "../native-engine.js";
import { shown } from "./damage.js";
import type { World } from "./pickle-machine.js";
import { kindOf, Storage, StorageType, Tuple, type Value } from "./pickle-values.js";
import { isNatural } from "./strided.js";

/** The storages that a pickle refers to by its persistent ids (PyTorch, torch/serialization.py). */
export class Storages {
  readonly #bad: World["bad"];
  readonly #byKey = new Map<string, Storage>();

  constructor(bad: World["bad"]) {
    this.#bad = bad;
  }

  get(key: string): Storage | undefined {
    return this.#byKey.get(key);
  }

  /** `("storage", class, key, location, count)`, in old files with a part of it as a sixth. */
  persistent(id: Value): Storage {
    const items = id instanceof Tuple ? id.items : [];
    const [what, type, key, location, count, part = null] = items;
    if (
      what !== "storage" ||
      !(type instanceof StorageType) ||
      typeof key !== "string" ||
      typeof location !== "string" ||
      !isNatural(count) ||
      items.length > 6
    ) {
      throw this.#bad(`expected the storage of a tensor, got ${kindOf(id)}`);
    }
    if (part !== null) throw this.#bad("expected whole storages, got a part of one");
    const known = this.#byKey.get(key);
    // One without elements may be seen as of several types.
    if (known === undefined || known.count + count === 0) {
      const storage = new Storage(key, type.dtype, count);
      this.#byKey.set(key, storage);
      return storage;
    }
    if (known.dtype === type.dtype && known.count === count) return known;
    throw this.#bad(
      `expected storage ${shown(key)} to be of ${described(known)}, got ${count} elsewhere`,
    );
  }
}

/** Bytes of a storage. */
export function storageBytes({ dtype, count }: Storage): number {
  return count * (dtype === undefined ? 1 : dtypeBytes[dtype]);
}

function described({ dtype, count }: Storage): string {
  return `${count} ${dtype ?? "bytes"}`;
}
