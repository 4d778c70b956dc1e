import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { eventsOfRun } from '../journal/event-table.ts';
import { acquireOwnerLock, lockedError } from '../journal/owner-lock.ts';
import { SqliteDriver } from '../journal/sqlite-driver.ts';
import { inStore } from '../journal/sqlite-error.ts';
import { isCurrent, openReading, openWriting } from '../journal/sqlite-file.ts';
import { integerIn, textIn } from '../journal/row.ts';
import { requireHere } from '../journal/store-place.ts';
import { VltairError } from '@vltair/protocol';

/** What nothing in a store refers to. */
export interface Leftovers {
  /** Folded states of runs that have ended. */
  readonly snapshots: number;
  readonly blobs: number;
  /** Commands to runs that have ended, and answers, both older than a week. */
  readonly commands: number;
}

export interface CompactedStore extends Leftovers {
  /** Of the database's files, before and after. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Whether no file of the database has a byte left of what was deleted: `false` while another process reads an older state. */
  readonly isWiped: boolean;
}

const KEPT_MS = 7 * 24 * 3_600_000;

const leftovers = {
  snapshots: "snapshots WHERE run IN (SELECT run FROM runs WHERE status IN ('succeeded', 'failed', 'cancelled'))",
  blobs: 'blobs WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.tenant = blobs.tenant AND e.blob = blobs.digest)',
  inbox:
    "inbox WHERE ts < :before AND run IN (SELECT run FROM runs WHERE status IN ('succeeded', 'failed', 'cancelled'))",
  answered: 'answered WHERE ts < :before',
} as const;

/**
 * The owner of a store, for work on its files: nobody else appends meanwhile, and nothing of it is opened to run.
 *
 * @throws VltairError `unavailable/store_locked`, `not_found/store`.
 */
export async function whileOwning<T>(directory: string, now: number, work: () => Promise<T> | T): Promise<T> {
  if (!inStore(directory, () => isCurrent(directory))) throw new VltairError('not_found/store', { detail: directory });
  const lock = inStore(directory, () => acquireOwnerLock(directory, now));
  if (lock === 'taken') throw lockedError(directory);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** Counts what {@link compactStore} would remove. Any process may. */
export function countLeftovers(directory: string, now: number): Leftovers {
  return withDatabase(directory, openReading, (database) => {
    const count = (what: keyof typeof leftovers): number => {
      const statement = database.prepare(`SELECT count(*) AS count FROM ${leftovers[what]}`);
      return integerIn((needsTime(what) ? statement.get({ before: now - KEPT_MS }) : statement.get()) ?? {}, 'count');
    };
    return { snapshots: count('snapshots'), blobs: count('blobs'), commands: count('inbox') + count('answered') };
  });
}

/** Removes leftovers and writes the database anew, without any byte of what was deleted. For the owner alone. */
export function compactStore(directory: string, now: number): CompactedStore {
  inStore(directory, () => requireHere(directory));
  const bytesBefore = sizeOf(directory);
  const removed = withDatabase(directory, openWriting, (database) => {
    database.exec('BEGIN IMMEDIATE');
    const remove = (what: keyof typeof leftovers): number => {
      const statement = database.prepare(`DELETE FROM ${leftovers[what]}`);
      return Number((needsTime(what) ? statement.run({ before: now - KEPT_MS }) : statement.run()).changes);
    };
    const counts = {
      snapshots: remove('snapshots'),
      blobs: remove('blobs'),
      commands: remove('inbox') + remove('answered'),
    };
    database.exec('COMMIT');
    return { ...counts, isWiped: rewrite(database) };
  });
  return { ...removed, bytesBefore, bytesAfter: sizeOf(directory) };
}

/** VACUUM goes through the WAL, which has to be emptied after it; a reader of an older state keeps it from that. */
function rewrite(database: DatabaseSync): boolean {
  database.exec('VACUUM');
  const checkpoint = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {};
  return integerIn(checkpoint, 'busy') === 0;
}

/** Every word of 64 hex digits that an event, or a command that waits, says: among them all trees that they refer to. */
export function digestsIn(directory: string): ReadonlySet<string> {
  return withDatabase(directory, openReading, digestsOf);
}

export function digestsOf(database: DatabaseSync): ReadonlySet<string> {
  const found = new Set<string>();
  const scan = (text: string): void => {
    for (const [word] of text.matchAll(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/gu)) found.add(word);
  };
  for (const text of textsOf(database)) scan(text);
  return found;
}

function* textsOf(database: DatabaseSync): Generator<string> {
  const driver = new SqliteDriver(database);
  for (const row of database.prepare('SELECT payload AS text FROM events WHERE payload IS NOT NULL').iterate())
    yield textIn(row, 'text');
  for (const row of database.prepare('SELECT CAST(bytes AS TEXT) AS text FROM blobs').iterate())
    yield textIn(row, 'text');
  for (const row of database.prepare('SELECT command AS text FROM inbox').iterate()) yield textIn(row, 'text');
  for (const row of database.prepare('SELECT DISTINCT run FROM archive').all()) {
    for (const { payload } of driver.do(eventsOfRun(textIn(row, 'run'), 0, Number.MAX_SAFE_INTEGER)))
      yield payload ?? '';
  }
}

function needsTime(what: keyof typeof leftovers): boolean {
  return leftovers[what].includes(':before');
}

function withDatabase<T>(
  directory: string,
  open: (directory: string) => DatabaseSync,
  work: (database: DatabaseSync) => T,
): T {
  return inStore(directory, () => {
    const database = open(directory);
    try {
      return work(database);
    } finally {
      database.close();
    }
  });
}

function sizeOf(directory: string): number {
  const size = (name: string): number => statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
  return size('vltair.db') + size('vltair.db-wal');
}
