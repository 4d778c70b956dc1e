/**
 * The results of some tasks, in their order, at most `concurrency` at a time. When one fails, the others are told by the
 * signal, which makes them fail too, and the failure is given once all of them have stopped.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  run: (item: Item, signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): Promise<readonly Result[]> {
  const stop = new AbortController();
  const results = new Map<number, Result>();
  const waiting = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of waiting) results.set(index, await run(item, stop.signal));
  };
  const cancel = (): void => stop.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', cancel, { once: true });
  const workers = Array.from({ length: Math.min(concurrency, items.length) }, () =>
    work().catch((error: unknown) => stop.abort(error)),
  );
  await Promise.all(workers);
  signal?.removeEventListener('abort', cancel);
  // the first reason to stop stays the reason
  stop.signal.throwIfAborted();
  return [...results].toSorted(([a], [b]) => a - b).map(([, result]) => result);
}
