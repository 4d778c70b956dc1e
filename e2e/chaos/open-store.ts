import { setTimeout as sleep } from 'node:timers/promises';
import { isOwned, openPostgresStore, openSqliteStore, type EventStore } from '../../packages/core/src/index.ts';
import { VltairError } from '../../packages/protocol/src/index.ts';
import type { Place } from './settings.ts';

const POLL_MS = 50;

/** @throws VltairError with what is wrong with the store. */
export async function openStore(place: Place, mode: 'write' | 'read'): Promise<EventStore> {
  const onWarning = (warning: string): void => void process.stderr.write(`${warning}\n`);
  switch (place.kind) {
    case 'sqlite':
      return await openSqliteStore({ directory: place.directory, mode, now: Date.now, onWarning });
    case 'postgres':
      return await openPostgresStore({ url: place.url, directory: place.directory, mode, onWarning });
  }
}

/** As a writer: where one process owns the store, as soon as nobody else does. */
export async function openToWrite(place: Place): Promise<EventStore> {
  for (;;) {
    if (place.kind === 'postgres' || !isOwned(place.directory)) {
      const store = await tryToWrite(place);
      if (store !== undefined) return store;
    }
    await sleep(POLL_MS);
  }
}

async function tryToWrite(place: Place): Promise<EventStore | undefined> {
  try {
    return await openStore(place, 'write');
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'unavailable/store_locked') return undefined; // another was faster
    throw error;
  }
}
