import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type ErrorReason, VltairError } from '@vltair/protocol';
import { storeFault } from '../journal/sqlite-error.ts';

/** Where a directory is to appear, and what it is called while it grows. */
export interface Place {
  readonly to: string;
  /** A draft's name says what it is to become: `NAME.WORD-PID`. */
  readonly word: 'partial' | 'restoring';
}

/**
 * Makes a directory that appears under its name as a whole, or not at all.
 *
 * D1 It grows beside its place. What a killed process has left there goes when the next begins at the same place.
 * D2 Every file and every name in it is on disk before it gets its own name, and that is on disk when this resolves.
 * D3 Nothing that is there is overwritten, not even what appears there meanwhile.
 *
 * @throws VltairError `invalid_argument/not_empty`, `unavailable/disk_full`, `unavailable/directory_read_only`, and what
 * `fill` throws.
 */
export async function makeWhole<T>({ to, word }: Place, fill: (draft: string) => Promise<T>): Promise<T> {
  const draft = `${to}.${word}-${process.pid}`;
  try {
    requireVacant(to);
    removeAbandoned({ to, word });
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    const filled = await fill(draft);
    syncAll(draft);
    place(draft, to);
    return filled;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw inWords(error, { to, draft });
  }
}

function requireVacant(to: string): void {
  const found = statSync(to, { throwIfNoEntry: false });
  if (found === undefined || (found.isDirectory() && readdirSync(to).length === 0)) return;
  throw notEmpty(to);
}

/** D1. A draft whose process is gone is nobody's. */
function removeAbandoned({ to, word }: Place): void {
  const [folder, prefix] = [dirname(to), `${basename(to)}.${word}-`];
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    if (/^\d+$/u.test(pid) && isGone(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM is the answer of a process that lives, and is another user's.
    return codeOf(error) === 'ESRCH';
  }
}

/** D2 and D3: a rename replaces an empty directory, and refuses one that is not. */
function place(draft: string, to: string): void {
  try {
    renameSync(draft, to);
  } catch (error) {
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') throw notEmpty(to);
    throw error;
  }
  sync(dirname(to));
}

function syncAll(directory: string): void {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile() || entry.isDirectory()) sync(join(entry.parentPath, entry.name));
  sync(directory);
}

/** Makes what a file holds, or the names in a directory, durable. */
function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What is true of the draft is said of the place where it grows: the data directory may lie on another disk. */
const reasonsHere: Partial<Readonly<Record<ErrorReason, ErrorReason>>> = {
  'unavailable/store_full': 'unavailable/disk_full',
  'unavailable/store_read_only': 'unavailable/directory_read_only',
};

function inWords(error: unknown, { to, draft }: { readonly to: string; readonly draft: string }): VltairError {
  if (error instanceof VltairError && error.where?.startsWith(draft) !== true) return error;
  const where = dirname(to);
  const { reason, detail } = storeFault(error, where);
  return new VltairError(reasonsHere[reason] ?? reason, { detail, where, cause: error });
}

function notEmpty(to: string): VltairError {
  return new VltairError('invalid_argument/not_empty', { detail: to, where: to });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
