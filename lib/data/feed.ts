import { reason } from "../errors.js";
import type { NativeFeed } from "../native-pictures.js";
import type { Dataset } from "./dataset.js";
import { decodeItem, type Measured, picturesInFlight } from "./pixels.js";
import { Room } from "./room.js";

/**
 * Decodes what a feed asks for, side by side, until it is disposed of. Pictures `part` of the data set
 * are the feed's.
 */
export async function serveFeed(
  feed: NativeFeed,
  dataset: Dataset,
  sizes: readonly Measured[],
  part: readonly number[],
): Promise<void> {
  const queue: number[] = [];
  let running = 0;
  const answer = async (index: number, room: Room) => {
    const i = part[index]!;
    try {
      feed.put(index, await decodeItem(dataset.items[i]!, sizes[i]!, dataset, room));
    } catch (error) {
      // The loader throws it where the picture is taken.
      feed.fail(index, reason(error));
    }
  };
  const work = async () => {
    const room = new Room();
    running++;
    for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
      if (feed.wanted(index)) await answer(index, room);
    }
    running--;
  };
  for (;;) {
    const asked = await feed.asked().catch(() => undefined);
    // It rejects when the feed is disposed of, and for nothing else.
    if (asked === undefined) return;
    queue.push(...asked);
    while (running < picturesInFlight && queue.length > 0) void work();
  }
}
