import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { VltairError } from '@vltair/protocol';
import type { OwnerProcess } from '../ports/event-store.ts';
import { sqliteCodeOf } from './sqlite-error.ts';

/**
 * One process owns a data directory: it alone commits.
 *
 * O1 The lock is SQLite's exclusive lock on `owner.lock`, a POSIX record lock: the kernel frees it when the process dies,
 *    however it dies. Nothing but SQLite opens that file; closing any other descriptor of it would free the lock.
 * O2 `owner.json` is for people and messages. It proves nothing.
 */
export interface OwnerLock {
  readonly owner: OwnerProcess;
  release(): void;
}

/** A try waits this long inside SQLite; a probe of {@link ownerOf} holds its shared lock for microseconds, or for as long as its process is stopped. */
const TRY_MS = 50;
const TRIES = 40;

/** Takes the lock, unless another process holds it. */
export function acquireOwnerLock(directory: string, now: number): OwnerLock | 'taken' {
  const lock = lockUnlessOwned(lockPath(directory));
  if (lock === undefined) return 'taken';
  const owner = { pid: process.pid, startTime: startTimeOf('self') ?? 'unknown', since: now };
  writeOwner(directory, owner);
  const release = (): void => {
    rmSync(ownerPath(directory), { force: true });
    lock.close();
  };
  return { owner, release };
}

/** The live owner of a directory, `undefined` when nobody holds the lock or its name cannot be read yet. */
export function ownerOf(directory: string): OwnerProcess | undefined {
  return isOwned(directory) ? readOwner(directory) : undefined;
}

/** Whether some process, this one included, owns the directory now. */
export function isOwned(directory: string): boolean {
  return isLocked(lockPath(directory));
}

export function lockedError(directory: string): VltairError {
  const owner = readOwner(directory);
  const who = owner === undefined ? 'another process' : `process ${owner.pid}`;
  return new VltairError('unavailable/store_locked', { detail: `${who} owns ${directory}`, where: directory });
}

/** Only an exclusive lock of another means an owner; a shared one is a probe, and is waited out. */
function lockUnlessOwned(path: string): DatabaseSync | undefined {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const lock = tryLock(path);
    if (lock !== undefined || isLocked(path)) return lock;
  }
  return undefined;
}

function tryLock(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: TRY_MS });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** Asks for a shared lock, which an owner's exclusive one refuses; lets go at once. */
function isLocked(path: string): boolean {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    database.exec('SELECT 1 FROM sqlite_schema');
    return false;
  } catch (error) {
    // No file, or one that this user may not open: whoever cannot see the lock is told of no owner.
    return isBusy(error);
  } finally {
    database?.close();
  }
}

const SQLITE_BUSY = 5;
function isBusy(error: unknown): boolean {
  return sqliteCodeOf(error) === SQLITE_BUSY;
}

const ownerSchema = z.strictObject({ pid: z.int(), startTime: z.string(), since: z.number() });

function readOwner(directory: string): OwnerProcess | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(ownerPath(directory), 'utf8')));
  } catch {
    // O2: absent in the moment between the lock and the file, or edited by a person.
    return undefined;
  }
}

function writeOwner(directory: string, owner: OwnerProcess): void {
  const aside = `${ownerPath(directory)}.new`;
  writeFileSync(aside, `${JSON.stringify(owner)}\n`);
  renameSync(aside, ownerPath(directory));
}

/** Field 22 of /proc/PID/stat; the fields are counted behind the command's name, which may hold spaces and brackets. */
export function startTimeOf(pid: number | 'self'): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    // No /proc on this system, or no such process.
    return undefined;
  }
}

function lockPath(directory: string): string {
  return join(directory, 'owner.lock');
}

function ownerPath(directory: string): string {
  return join(directory, 'owner.json');
}
