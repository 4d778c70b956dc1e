import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, Ownership } from '../ports/event-store.ts';
import { CommitThread } from './commit-thread.ts';
import type { Committer } from './committer.ts';
import { randomSalt } from './group-commit.ts';
import { InlineCommitter } from './inline-committer.ts';
import { JournalStore } from './journal-store.ts';
import { OutsideCommitter } from './outside-committer.ts';
import { acquireOwnerLock, isOwned, lockedError, type OwnerLock, ownerOf } from './owner-lock.ts';
import { ensureStoreKey, readStoreKey, type StoreKey } from './signing-key.ts';
import { inStore } from './sqlite-error.ts';
import { ensureDirectory, isCurrent, makeCurrent, openReading, openWriting } from './sqlite-file.ts';
import { SqliteReader } from './sqlite-reader.ts';
import { requireHere } from './store-place.ts';
import { takeEpoch } from './store-epoch.ts';

export interface SqliteStoreOptions {
  readonly directory: string;
  /**
   * `write`: owns the directory or throws `unavailable/store_locked`. `read`: never takes ownership, starts no thread.
   * `write_or_read`: the owner if nobody else is, a reader if somebody is; `ownership` tells.
   */
  readonly mode: 'write' | 'read' | 'write_or_read';
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Hears what a person should know but need not stop for, as a sentence. */
  readonly onWarning: (warning: string) => void;
  /** Where commits wait for the disk; default `thread`. */
  readonly commitOn?: 'thread' | 'caller';
}

/** How long a reader waits for an owner that is still making or updating the store. */
const MAKING_TRIES = 100;
const MAKING_PAUSE_MS = 20;

/** Opens the journal of a data directory, making it in the modes that write. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<EventStore> {
  const directory = resolve(options.directory);
  const { mode } = options;
  const owned = mode === 'read' ? 'taken' : inStore(directory, () => tryOpenOwner({ ...options, directory }));
  if (owned !== 'taken') return owned;
  if (mode === 'write') throw lockedError(directory);
  for (let tries = 0; tries < MAKING_TRIES && inStore(directory, () => isBeingMade(directory)); tries += 1)
    await sleep(MAKING_PAUSE_MS);
  return inStore(directory, () => openReader(directory));
}

function tryOpenOwner(options: SqliteStoreOptions): EventStore | 'taken' {
  ensureDirectory(options.directory);
  requireHere(options.directory);
  const lock = acquireOwnerLock(options.directory, options.now());
  return lock === 'taken' ? 'taken' : openOwner(options, lock);
}

function isBeingMade(directory: string): boolean {
  return !isCurrent(directory) && isOwned(directory);
}

function openReader(directory: string): EventStore {
  const reader = new SqliteReader(openReading(directory), directory);
  const ownership: Ownership = { kind: 'reader', owner: ownerOf(directory) };
  return new JournalStore({
    name: directory,
    reader,
    committer: new OutsideCommitter(directory),
    ownership,
    key: once(() => inStore(directory, () => readStoreKey(directory))),
    release: () => {},
  });
}

function openOwner(options: SqliteStoreOptions, lock: OwnerLock): EventStore {
  try {
    requireHere(options.directory); // it may have moved while this process waited for the lock
    return openOwned(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function openOwned({ directory, onWarning, commitOn = 'thread' }: SqliteStoreOptions, lock: OwnerLock): EventStore {
  // A newer or foreign store is refused before anything is made; the key is there before readers see a store.
  const isReady = isCurrent(directory);
  const key = ensureStoreKey(directory, onWarning);
  if (!isReady) makeCurrent(directory);
  const epoch = takeEpoch(directory, key, onWarning);
  const reader = new SqliteReader(openReading(directory), directory);
  const committer = commitOn === 'thread' ? new CommitThread({ directory }) : commitHere(directory, key);
  const ownership = { kind: 'writer', epoch } as const;
  return new JournalStore({
    name: directory,
    reader,
    committer,
    ownership,
    key: () => key,
    release: () => lock.release(),
  });
}

function commitHere(directory: string, key: StoreKey): Committer {
  return new InlineCommitter(openWriting(directory), { directory, key, salt: randomSalt });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
