import { openPostgresStore, openSqliteStore, type EventStore } from '@vltair/core';
import { VltairError } from '@vltair/protocol';
import type { Configuration } from './environment.ts';

export interface StoreOptions {
  readonly dataDirectory: string;
  /** Where the store is: in the data directory, unless a database is named. */
  readonly configuration: Pick<Configuration, 'databaseUrl'>;
  /** Hears what a person should know but need not stop for. */
  readonly warn: (sentence: string) => void;
}

/** The store alone. `read` never locks anything and starts no thread. */
export async function openStore(
  { dataDirectory: directory, configuration, warn }: StoreOptions,
  mode: 'read' | 'write',
): Promise<EventStore> {
  const { databaseUrl: url } = configuration;
  if (url === undefined) return await openSqliteStore({ directory, mode, now: () => Date.now(), onWarning: warn });
  return await openPostgresStore({ url, directory, mode, onWarning: warn });
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

/** @throws VltairError `invalid_argument/database_store` for what works on the files of a store alone. */
export function requireFileStore({ databaseUrl }: Pick<Configuration, 'databaseUrl'>, command: string): void {
  if (databaseUrl !== undefined)
    throw new VltairError('invalid_argument/database_store', { detail: command, where: 'DATABASE_URL' });
}
