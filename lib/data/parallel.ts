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

/** Runs `work` on `items` likewise, for what it does. */
export async function eachOf<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const results = inOrder(items, limit, work);
  while (!(await results.next()).done);
}
