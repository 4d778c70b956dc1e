import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { VltairError } from '@vltair/protocol';
import { inspectSchema, migrate } from './schema.ts';
import { isWritable } from './sqlite-error.ts';

const BUSY_TIMEOUT_MS = 5_000;

function databasePath(directory: string): string {
  return join(directory, 'vltair.db');
}

/** Makes the data directory, closed to others and invisible to git. */
export function ensureDirectory(directory: string): void {
  if (!existsSync(directory)) makeDirectory(directory);
  const ignore = join(directory, '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    syncDirectory(dirname(directory));
  } catch (cause) {
    // Node reports a read-only file system as ENOENT here, which a recursive mkdir cannot mean otherwise.
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
    throw new VltairError('unavailable/store_read_only', { detail: directory, where: directory, cause });
  }
}

/** Makes the store or brings it to the current schema. */
export function makeCurrent(directory: string): void {
  const database = openWriting(directory);
  try {
    migrate(database);
  } finally {
    database.close();
  }
}

/** A connection that commits: WAL, an fsync for each commit. What it deletes is overwritten. */
export function openWriting(directory: string): DatabaseSync {
  const database = new DatabaseSync(databasePath(directory), {
    timeout: BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: true,
  });
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = ON',
  );
  return database;
}

/** A connection that only reads. @throws VltairError `not_found/store` when there is no store yet. */
export function openReading(directory: string): DatabaseSync {
  const path = databasePath(directory);
  if (!existsSync(path)) throw new VltairError('not_found/store', { detail: directory });
  const database = connectReading(path);
  try {
    if (inspectSchema(database, path) === 'current') return database;
    throw new VltairError('not_found/store', {
      detail: `${directory} is being made, or waits for its owner to update it`,
    });
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whether there is a store of this version's schema. @throws VltairError for one that is newer, foreign or no database. */
export function isCurrent(directory: string): boolean {
  const path = databasePath(directory);
  return existsSync(path) && inspect(path) === 'current';
}

function inspect(path: string): ReturnType<typeof inspectSchema> {
  const database = connectReading(path);
  try {
    return inspectSchema(database, path);
  } finally {
    database.close();
  }
}

/** A database file by itself, such as a copy. */
export function connectReading(path: string): DatabaseSync {
  return new DatabaseSync(isFrozen(path) ? immutable(path) : path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

/** A WAL database needs its side files even to be read; where none can be made and none exist, nothing can change it either. */
function isFrozen(path: string): boolean {
  return !existsSync(`${path}-wal`) && !isWritable(dirname(path));
}

function immutable(path: string): URL {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return url;
}

/** Makes a new directory entry durable. */
export function syncDirectory(directory: string): void {
  const file = openSync(directory, 'r');
  fsyncSync(file);
  closeSync(file);
}
