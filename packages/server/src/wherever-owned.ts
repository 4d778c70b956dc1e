import { setTimeout as sleep } from 'node:timers/promises';
import { isOwned, isWithAnother, ownerOf, type EventStore } from '@vltair/core';
import { VltairError } from '@vltair/protocol';
import type { Application } from './application.ts';
import { openStore } from './open-store.ts';
import type { SessionOptions } from './session.ts';

/** A process that works with a store, or a run, which another one has. */
export interface Guest {
  readonly store: EventStore;
  /** Who works on it, for people: `process 12`. */
  readonly owner: string;
  /** `works in this data directory` */
  readonly works: string;
  /** Nobody is left who would answer what is asked for the run. */
  hasOwnerLeft(run: string): Promise<boolean>;
}

/** The same work for both cases. `left`: the owner went before it was done. */
export interface Seats<T> {
  readonly here: (app: Application) => Promise<T>;
  readonly elsewhere: (guest: Guest) => Promise<T | 'left'>;
  /** The run that it is about, as soon as that is known. */
  readonly run: () => string | undefined;
}

const POLL_MS = 20;
/** Before this process looks again who has the run that it wanted itself. */
const AGAIN_MS = 250;

/**
 * Does something with a store, whoever owns it: as its owner when nobody else is, else as a guest of the process that
 * is. When the owner goes before it is done, this process becomes the owner at once, or the guest of whoever was faster.
 * A shared store has any number of owners: who has the run counts, and workers that stay are asked before this process
 * works itself.
 *
 * @throws VltairError `cancelled/interrupted`, and whatever the work throws.
 */
export async function whereverOwned<T>(options: SessionOptions, seats: Seats<T>): Promise<T> {
  const tryOnce = options.configuration.databaseUrl === undefined ? atFile : atDatabase;
  for (;;) {
    if (options.signal.aborted) throw new VltairError('cancelled/interrupted');
    const done = await tryOnce(options, seats);
    if (done !== 'left') return done;
  }
}

// --- a store in a file

async function atFile<T>(options: SessionOptions, seats: Seats<T>): Promise<T | 'left'> {
  const { dataDirectory } = options;
  if (!isOwned(dataDirectory)) return await asOwner(options, seats.here);
  const store = await openExisting(options);
  if (store === undefined) return 'left';
  const hasOwnerLeft = (): Promise<boolean> => Promise.resolve(!isOwned(dataDirectory));
  const owner = `process ${ownerOf(dataDirectory)?.pid ?? ''}`;
  return await asGuest(seats.elsewhere, { store, owner, works: 'works in this data directory', hasOwnerLeft });
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

// --- a shared store

async function atDatabase<T>(options: SessionOptions, seats: Seats<T>): Promise<T | 'left'> {
  const store = await openShared(options);
  const worker = store === undefined ? undefined : await workerOrClose(store, seats.run());
  if (store !== undefined && worker !== undefined)
    return await asGuest(seats.elsewhere, {
      store,
      owner: `worker ${worker}`,
      works: 'works on this store',
      hasOwnerLeft: watchOver(store),
    });
  await store?.close();
  return await asOwner(options, seats.here);
}

/** `undefined`: there is none yet. */
async function openShared(options: SessionOptions): Promise<EventStore | undefined> {
  try {
    return await openStore(options, 'read');
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'not_found/store') return undefined;
    throw error;
  }
}

async function workerOrClose(store: EventStore, run: string | undefined): Promise<string | undefined> {
  try {
    return await workerFor(store, run);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Whoever lives and has the run, else one that stays and would take it up. */
async function workerFor({ leases }: EventStore, run: string | undefined): Promise<string | undefined> {
  const holder = run === undefined ? undefined : await leases?.holderOf(run, []);
  const standing = holder ?? (await leases?.living())?.find(({ isStanding }) => isStanding);
  return standing?.worker;
}

/** How long what was found of the workers that live is believed. */
const BELIEVED_MS = 250;

function watchOver(store: EventStore): Guest['hasOwnerLeft'] {
  let asked = -Infinity;
  let worker: string | undefined;
  return async (run) => {
    if (performance.now() - asked > BELIEVED_MS) {
      worker = await workerFor(store, run);
      asked = performance.now();
    }
    return worker === undefined;
  };
}

// --- both

/** What runs agents is loaded only now: a guest does without it. */
async function asOwner<T>(options: SessionOptions, here: Seats<T>['here']): Promise<T | 'left'> {
  const { inSession } = await import('./session.ts');
  const isShared = options.configuration.databaseUrl !== undefined;
  let isOpen = false;
  try {
    return await inSession(options, async (app) => {
      isOpen = true;
      return await here(app);
    });
  } catch (error) {
    const isElsewhere = isShared ? isWithAnother(error) : !isOpen && isLocked(error);
    if (!isElsewhere) throw error;
    await sleep(isShared ? AGAIN_MS : POLL_MS);
    return 'left'; // another process was faster
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof VltairError && error.reason === 'unavailable/store_locked';
}

async function asGuest<T>(elsewhere: Seats<T>['elsewhere'], guest: Guest): Promise<T | 'left'> {
  try {
    return await elsewhere(guest);
  } finally {
    await guest.store.close();
  }
}
