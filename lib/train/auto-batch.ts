import { freeMemory } from "../data/pack-space.js";
import type { Detector } from "../detector.js";
import { SsdError } from "../errors.js";
import { valueSizes } from "../models/sizes.js";
import type { NativeSession } from "../native-session.js";

/** Pictures at once from which a CPU computes none of them faster. */
const enough = 16;

/** Of the free memory, the share that a CPU's step may take: the rest is the system's and the data's. */
const share = 0.5;

/**
 * The batch for `batch: "auto"`, at most `pictures`.
 *
 * - On a GPU, the largest that a whole step fits with: made-up batches, doubled until memory is short,
 *   then bisected to within a sixteenth.
 * - On the CPU, where memory that is short ends processes instead of throwing, 16, or fewer when an
 *   estimate says that more than half of the free memory would be needed.
 *
 * @throws SsdError OUT_OF_MEMORY when not even one picture fits.
 */
export async function autoBatch(
  session: NativeSession,
  student: Detector,
  pictures: number,
  free = freeMemory(),
): Promise<number> {
  const { device, preset } = student;
  if (device === "cpu") {
    const room = Math.floor((share * free) / bytesPerPicture(student));
    return Math.max(1, Math.min(enough, pictures, room));
  }
  const fits = (count: number) => probe(session, count, preset.size);
  return largest(pictures, fits);
}

/**
 * The largest count up to `limit` that fits, to within a sixteenth of it.
 *
 * @param fits Tries one; resolves to what was thrown for want of memory, or nothing.
 * @throws What came for 1.
 */
export async function largest(
  limit: number,
  fits: (count: number) => Promise<SsdError | undefined>,
): Promise<number> {
  let good = 0;
  let bad = limit + 1;
  for (let next = 1; good < limit; ) {
    const short = await fits(next);
    if (short === undefined) good = next;
    else if (next === 1) throw short;
    else bad = next;
    if (bad - good <= Math.max(1, good >> 4)) break;
    next = bad > limit ? Math.min(2 * good, limit) : good + ((bad - good) >> 1);
  }
  return good;
}

async function probe(
  session: NativeSession,
  pictures: number,
  side: number,
): Promise<SsdError | undefined> {
  try {
    await session.probe(pictures, side);
    return undefined;
  } catch (error) {
    if (error instanceof SsdError && error.code === "OUT_OF_MEMORY") return error;
    throw error;
  }
}

/**
 * What a training step needs for a picture, at the most: every value of the network is kept for the way
 * back, and may have a gradient beside it, 4 bytes a number.
 */
export function bytesPerPicture({ preset, classes }: Detector): number {
  const numbers = valueSizes(preset, classes.length).reduce((sum, size) => sum + size, 0);
  return 2 * 4 * numbers;
}
