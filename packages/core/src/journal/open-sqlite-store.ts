import { resolve } from 'node:path';
import type { EventStore, Ownership } from '../ports/event-store.ts';
import { type Committer, CommitThread } from './commit-thread.ts';
import { GroupCommit } from './group-commit.ts';
import { InlineCommitter } from './inline-committer.ts';
import { JournalReader } from './journal-reader.ts';
import { acquireOwnerLock, lockedError, type OwnerLock, ownerOf } from './owner-lock.ts';
import { ensureStoreKey, readStoreKey } from './signing-key.ts';
import { inStore } from './sqlite-error.ts';
import { ensureDirectory, openReading, openWriting, prepareDatabase } from './sqlite-file.ts';
import { SqliteStore } from './sqlite-store.ts';
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

/** Opens the journal of a data directory, making it in the modes that write. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<EventStore> {
  const directory = resolve(options.directory);
  return inStore(directory, () => open({ ...options, directory }));
}

function open(options: SqliteStoreOptions): EventStore {
  const { directory, mode } = options;
  if (mode === 'read') return openReader(directory);
  ensureDirectory(directory);
  const lock = acquireOwnerLock(directory, options.now());
  if (lock !== 'taken') return openOwner(options, lock);
  if (mode === 'write_or_read') return openReader(directory);
  throw lockedError(directory);
}

function openReader(directory: string): EventStore {
  const reader = new JournalReader(openReading(directory), directory);
  const ownership: Ownership = { kind: 'reader', owner: ownerOf(directory) };
  return new SqliteStore({ directory, reader, ownership, key: once(() => readStoreKey(directory)), writer: undefined });
}

function openOwner(options: SqliteStoreOptions, lock: OwnerLock): EventStore {
  try {
    return openOwned(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function openOwned({ directory, onWarning, commitOn = 'thread' }: SqliteStoreOptions, lock: OwnerLock): EventStore {
  prepareDatabase(directory);
  const key = ensureStoreKey(directory, onWarning);
  const epoch = takeEpoch(directory, key, onWarning);
  const reader = new JournalReader(openReading(directory), directory);
  const committer = commitOn === 'thread' ? new CommitThread({ directory }) : commitHere(directory);
  const writer = { committer, release: () => lock.release() };
  return new SqliteStore({ directory, reader, ownership: { kind: 'writer', epoch }, key: () => key, writer });
}

function commitHere(directory: string): Committer {
  const database = openWriting(directory);
  return new InlineCommitter(database, new GroupCommit(database, directory, readStoreKey(directory)));
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
