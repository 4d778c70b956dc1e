import { openSqliteStore, type EventStore } from '@vltair/core';

export interface StoreOptions {
  readonly dataDirectory: string;
  /** Hears what a person should know but need not stop for. */
  readonly warn: (sentence: string) => void;
}

/** The store alone. `read` never locks anything and starts no thread. */
export async function openStore({ dataDirectory, warn }: StoreOptions, mode: 'read' | 'write'): Promise<EventStore> {
  return await openSqliteStore({ directory: dataDirectory, mode, now: () => Date.now(), onWarning: warn });
}

/** Opens the store for reading, hands it to `work`, and closes it. */
export async function readingStore<T>(options: StoreOptions, work: (store: EventStore) => Promise<T>): Promise<T> {
  const store = await openStore(options, 'read');
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
