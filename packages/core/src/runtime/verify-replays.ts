import { verifyReplay, type ReplayDifference } from '../machine/verify-replay.ts';
import type { EventStore } from '../ports/event-store.ts';

/** Verified replay of every run of a store: its differences by run. Empty when today's code would do all of it again. */
export async function verifyReplays(store: EventStore): Promise<Readonly<Record<string, readonly ReplayDifference[]>>> {
  const found: Record<string, readonly ReplayDifference[]> = {};
  for (const { run } of await store.runs({ limit: Number.MAX_SAFE_INTEGER })) {
    const differences = verifyReplay(await store.read(run));
    if (differences.length > 0) found[run] = differences;
  }
  return found;
}
