import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { SsdError } from "../errors.js";

/**
 * The folder this package keeps things in that can be made again: LibTorch, packed pictures.
 * `SSD_DISTILL_CACHE` names it; otherwise it is in the user's cache folder (XDG's).
 *
 * @throws SsdError BAD_OPTION for a user without a home, as in a container. A folder that all may write
 * to is no way out: whoever is first in it could put a library there.
 */
export function cacheDir(): string {
  const { SSD_DISTILL_CACHE: own, XDG_CACHE_HOME: users } = process.env;
  if (own) return resolve(own);
  return join(users && isAbsolute(users) ? users : join(home(), ".cache"), "ssd-distill");
}

function home(): string {
  try {
    return homedir();
  } catch (cause) {
    throw new SsdError(
      "BAD_OPTION",
      "expected a folder for the cache, got a user without a home: SSD_DISTILL_CACHE names one",
      { cause },
    );
  }
}
