import { freeSpace, inBytes } from "../data/pack-space.js";
import { FinalError } from "./failures.js";

/**
 * Holds what is to be written in a folder to what its disk can take.
 *
 * @param what What it is for: "unpack it".
 * @throws FinalError
 */
export async function requireSpace(folder: string, bytes: number, what: string): Promise<void> {
  const free = await freeSpace(folder);
  if (bytes <= free) return;
  throw new FinalError(
    `expected ${inBytes(bytes)} free in ${folder} to ${what}, got ${inBytes(free)}; ` +
      "SSD_DISTILL_CACHE names another folder",
  );
}
