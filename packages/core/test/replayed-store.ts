import { expect } from 'vitest';
import { openSqliteStore, type SqliteStoreOptions } from '../src/journal/open-sqlite-store.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { verifyReplays } from '../src/runtime/verify-replays.ts';

export interface ReplayedStoreOptions extends SqliteStoreOptions {
  /** Why its runs are not replayed when it closes: they are no runs of the machine, forged or damaged on purpose. */
  readonly notReplayed?: string;
}

/** The real store; when it closes, every run of it is replayed through the code: a difference fails the test. */
export async function openReplayedStore({ notReplayed, ...options }: ReplayedStoreOptions): Promise<EventStore> {
  const store = await openSqliteStore(options);
  if (notReplayed !== undefined) return store;
  const close = store.close.bind(store);
  let replayed: Promise<void> | undefined;
  store.close = async () => {
    replayed ??= expectEmptyReplays(store);
    try {
      await replayed;
    } finally {
      await close();
    }
  };
  return store;
}

async function expectEmptyReplays(store: EventStore): Promise<void> {
  expect(await verifyReplays(store), 'verified replay of every run').toEqual({});
}

/** For the journal's own tests, whose logs are events in any order. */
export const NO_RUNS = { notReplayed: 'events for the journal, which no machine decided' };
