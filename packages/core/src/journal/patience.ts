import { setTimeout as sleep } from 'node:timers/promises';

/** How long, in milliseconds, and how often something is tried again. */
export interface Patience {
  readonly totalMs: number;
  /** The first pause; each is twice as long as the one before, up to a second, and up to a half shorter by chance. */
  readonly firstMs: number;
}

export const STORE_PATIENCE: Patience = { totalMs: 30_000, firstMs: 20 };

const LONGEST_MS = 1_000;

/** Tries until it succeeds, fails for good, or the time is over; then the last error is thrown. */
export async function withPatience<T>(
  { totalMs, firstMs }: Patience,
  isPassing: (error: unknown) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  const end = performance.now() + totalMs;
  for (let pause = firstMs; ; pause = Math.min(2 * pause, LONGEST_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || performance.now() + pause > end) throw error;
      await sleep(pause * (1 - Math.random() / 2));
    }
  }
}
