/**
 * Runs `work` on `items`, at most `limit` at a time, and yields the results in the items' order.
 *
 * No more than `limit` results are under way or waiting, so a slow consumer holds the work back.
 * A failure ends the iteration where the item stood; what still runs then is waited for, so that
 * nothing writes or reads behind the caller's back.
 */
export async function* inOrder<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const running: Promise<R>[] = [];
  let next = 0;
  try {
    while (next < items.length || running.length > 0) {
      while (running.length < limit && next < items.length) {
        const result = work(items[next]!, next++);
        // Its turn may come later: until then a failure is not an unhandled one.
        result.catch(() => {});
        running.push(result);
      }
      yield await running.shift()!;
    }
  } finally {
    await Promise.allSettled(running);
  }
}

/**
 * Runs work on `items`, at most `limit` at a time, begun in the items' order. Nothing waits for a slow
 * one. After a failure no more are begun, and what still runs is waited for.
 *
 * @param begin Called `limit` times: what it returns works on one item after the other.
 */
export async function eachOf<T>(
  items: readonly T[],
  limit: number,
  begin: () => (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    const work = begin();
    try {
      while (next < items.length) await work(items[next++]!);
    } catch (error) {
      next = items.length;
      throw error;
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: limit }, worker));
  const failed = workers.find(({ status }) => status === "rejected");
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
}
