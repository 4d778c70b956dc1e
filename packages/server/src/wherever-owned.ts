import { setTimeout as sleep } from 'node:timers/promises';
import { isOwned, ownerOf, type EventStore, type OwnerProcess } from '@vltair/core';
import { VltairError } from '@vltair/protocol';
import type { Application } from './application.ts';
import { openStore } from './open-store.ts';
import type { SessionOptions } from './session.ts';

/** A process that works with a store which another one owns. */
export interface Guest {
  readonly store: EventStore;
  readonly owner: OwnerProcess | undefined;
  /** Nobody owns the store any more. */
  hasOwnerLeft(): boolean;
}

/** The same work for both cases. `left`: the owner went before it was done. */
export interface Seats<T> {
  readonly here: (app: Application) => Promise<T>;
  readonly elsewhere: (guest: Guest) => Promise<T | 'left'>;
}

const POLL_MS = 20;

/**
 * Does something with a store, whoever owns it: as its owner when nobody else is, else as a guest of the process that
 * is. When the owner goes before it is done, this process becomes the owner at once, or the guest of whoever was faster.
 *
 * @throws VltairError `cancelled/interrupted`, and whatever the work throws.
 */
export async function whereverOwned<T>(options: SessionOptions, seats: Seats<T>): Promise<T> {
  for (;;) {
    if (options.signal.aborted) throw new VltairError('cancelled/interrupted');
    const done = isOwned(options.dataDirectory)
      ? await asGuest(options, seats.elsewhere)
      : await asOwner(options, seats.here);
    if (done !== 'left') return done;
  }
}

/** What runs agents is loaded only now: a guest does without it. */
async function asOwner<T>(options: SessionOptions, here: Seats<T>['here']): Promise<T | 'left'> {
  const { inSession } = await import('./session.ts');
  let isOpen = false;
  try {
    return await inSession(options, async (app) => {
      isOpen = true;
      return await here(app);
    });
  } catch (error) {
    if (isOpen || !(error instanceof VltairError) || error.reason !== 'unavailable/store_locked') throw error;
    return 'left'; // another process was faster
  }
}

async function asGuest<T>(options: SessionOptions, elsewhere: Seats<T>['elsewhere']): Promise<T | 'left'> {
  const { dataDirectory } = options;
  const store = await openExisting(options);
  if (store === undefined) return 'left';
  try {
    return await elsewhere({ store, owner: ownerOf(dataDirectory), hasOwnerLeft: () => !isOwned(dataDirectory) });
  } finally {
    await store.close();
  }
}

/** `undefined` while the owner is still making the store. */
async function openExisting(options: SessionOptions): Promise<EventStore | undefined> {
  try {
    return await openStore(options, 'read');
  } catch (error) {
    if (!(error instanceof VltairError) || error.reason !== 'not_found/store') throw error;
    await sleep(POLL_MS);
    return undefined;
  }
}
