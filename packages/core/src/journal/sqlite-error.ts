import { accessSync, constants, statfsSync } from 'node:fs';
import { type ErrorReason, VltairError } from '@vltair/protocol';

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that mean something to a person. */
const reasons: Readonly<Record<number, ErrorReason>> = {
  5: 'unavailable/store_locked', // SQLITE_BUSY
  8: 'unavailable/store_read_only', // SQLITE_READONLY
  11: 'unavailable/store_corrupt', // SQLITE_CORRUPT
  13: 'unavailable/store_full', // SQLITE_FULL
  26: 'unavailable/store_corrupt', // SQLITE_NOTADB
};
const SQLITE_IOERR = 10;
const SQLITE_CANTOPEN = 14;

const systemReasons: Readonly<Record<string, ErrorReason>> = {
  ENOSPC: 'unavailable/store_full',
  EDQUOT: 'unavailable/store_full',
  EROFS: 'unavailable/store_read_only',
  EACCES: 'unavailable/store_read_only',
  EPERM: 'unavailable/store_read_only',
};

/** Below this many free bytes a failed write is called a full disk: SQLite reports some of them as plain I/O errors. */
const FULL_BELOW_BYTES = 256 * 1024;

/** What failed, as plain data that crosses threads. */
export interface StoreFault {
  readonly reason: ErrorReason;
  readonly detail: string;
}

/** The catalogue's name for whatever SQLite or the file system threw while working in `directory`. */
export function storeFault(error: unknown, directory: string): StoreFault {
  const detail = `${directory}: ${messageOf(error)}`;
  if (error instanceof VltairError) return { reason: error.reason, detail };
  return { reason: reasonOf(error, directory) ?? 'unavailable/store_failed', detail };
}

/** The same as an error; what is from the catalogue already stays as it is. */
function storeError(error: unknown, directory: string): VltairError {
  if (error instanceof VltairError) return error;
  const { reason, detail } = storeFault(error, directory);
  return new VltairError(reason, { detail, where: directory, cause: error });
}

/** Runs `work` and turns what it throws into the catalogued error. */
export function inStore<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(error, directory);
  }
}

/** SQLite's primary result code of an error, `undefined` when it is not from SQLite. */
export function sqliteCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

function reasonOf(error: unknown, directory: string): ErrorReason | undefined {
  const code = sqliteCodeOf(error);
  if (code === SQLITE_IOERR && isFull(directory)) return 'unavailable/store_full';
  if (code === SQLITE_CANTOPEN && !isWritable(directory)) return 'unavailable/store_read_only';
  if (code !== undefined) return reasons[code];
  return error instanceof Error && 'code' in error ? systemReasons[String(error.code)] : undefined;
}

/** Whether files can be made in a directory: by this user, on this file system. */
export function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    // No permission, a read-only file system, or no such directory: the answer is the same.
    return false;
  }
}

function isFull(directory: string): boolean {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize < FULL_BELOW_BYTES;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
