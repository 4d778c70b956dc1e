import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { VltairError } from '@vltair/protocol';
import { openSqliteStore } from '../journal/open-sqlite-store.ts';
import { keyPath, readKeyFile } from '../journal/signing-key.ts';
import { ensureDirectory, makeCurrent, openWriting } from '../journal/sqlite-file.ts';
import { checkFlags } from '../machine/pinned.ts';
import { systemClock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import { loadState, RunLog } from '../runtime/run-log.ts';
import { type BackupPart, type CheckedBackup, checkBackup, holdsPart } from './backup-manifest.ts';
import { makeWhole } from './whole-directory.ts';

export interface RestoreWish {
  readonly backup: string;
  /** A directory that does not exist yet, or is empty. */
  readonly to: string;
  /** The file of the signing key; absent: that in the backup. */
  readonly key?: string;
  /** Nothing is continued: the runs are there to be read, and what begins is signed by a new key. */
  readonly isForReading: boolean;
  /** Somebody says that the original did nothing after the backup. */
  readonly isOriginalStopped: boolean;
  readonly by: string;
  readonly now: () => number;
  readonly onWarning: (warning: string) => void;
  /** Takes `objects.pack` into a data directory. */
  readonly unpackObjects: (file: string, directory: string) => Promise<void>;
}

export interface RestoredStore extends CheckedBackup {
  /** The identity of the new store. */
  readonly store: string;
  readonly epoch: number;
  /** Unfinished runs that can go on; in each a fact says that it was restored. */
  readonly runs: readonly string[];
  /** Commands that waited in the backup's inbox: they are not carried out again. */
  readonly droppedCommands: number;
}

/** The original counts its owners on; it never comes as far as this. */
const EPOCH_LEAP = 1_000_000;
const ALL = 1_000_000;
/** Runs whose facts share a commit. */
const TOLD_AT_A_TIME = 64;

/**
 * Makes a new store of a backup.
 *
 * T1 Every byte is checked against the signed manifest first. The directory appears as a whole or not at all.
 * T2 The new store is another incarnation: an identity of its own, and an epoch above any that the original comes to.
 * T3 Nothing that the original may have done after the backup is done again unasked: commands that waited are dropped,
 *    and every unfinished run begins with `run.restored`, after which the machine parks what is in doubt (L6).
 *
 * @throws VltairError `invalid_argument/not_empty`, `invalid_argument/backup`, `invalid_argument/backup_key`,
 * `invalid_argument/export_key` for a key that did not sign the backup.
 */
export async function restoreStore(wish: RestoreWish): Promise<RestoredStore> {
  const checked = await checkBackup(wish.backup);
  const key = keyFor(wish, checked);
  return await makeWhole({ to: resolve(wish.to), word: 'restoring' }, async (draft) => {
    ensureDirectory(draft);
    takeParts(wish.backup, checked, draft);
    if (key !== undefined) putKey(key, draft);
    if (holdsPart(checked, 'objects.pack')) await wish.unpackObjects(join(wish.backup, 'objects.pack'), draft);
    const reborn = giveIdentity(draft, checked, wish);
    const begun = await tellRuns(draft, checked, wish);
    return { ...checked, ...reborn, ...begun };
  });
}

/** A file that the manifest does not name is none of the backup, whatever it is called. */
function takeParts(backup: string, checked: CheckedBackup, draft: string): void {
  const take = (name: BackupPart, as: string): void => {
    if (holdsPart(checked, name)) copyFileSync(join(backup, name), join(draft, as));
  };
  take('store.db', 'vltair.db');
  take('policy.yaml', 'policy.yaml');
}

/** The key's file; `undefined` to have a new one made. */
function keyFor({ backup, key, isForReading }: RestoreWish, checked: CheckedBackup): string | undefined {
  if (isForReading) return undefined;
  const { fingerprint } = checked;
  const file = key ?? (holdsPart(checked, 'signing.key') ? join(backup, 'signing.key') : undefined);
  if (file === undefined) throw new VltairError('invalid_argument/backup_key', { detail: backup, where: '--key' });
  if (!existsSync(file)) throw new VltairError('not_found/file', { detail: file, where: '--key' });
  const given = readKeyFile(file).fingerprint;
  if (given === fingerprint) return file;
  const detail = `the backup is signed by ${fingerprint}, the key is ${given}`;
  throw new VltairError('invalid_argument/export_key', { detail, where: '--key' });
}

function putKey(file: string, directory: string): void {
  mkdirSync(join(directory, 'keys'), { mode: 0o700 });
  copyFileSync(file, keyPath(directory));
}

/** T2, and the inbox of T3. */
function giveIdentity(
  directory: string,
  { id, fingerprint }: CheckedBackup,
  { isForReading, now }: RestoreWish,
): { readonly store: string; readonly droppedCommands: number } {
  makeCurrent(directory);
  const store = randomBytes(16).toString('hex');
  const database = openWriting(directory);
  try {
    database.exec('BEGIN IMMEDIATE');
    database.prepare('INSERT INTO identities (store, since_ts, backup) VALUES (?, ?, ?)').run(store, now(), id);
    database.prepare("UPDATE meta SET value = value + ? WHERE name = 'epoch'").run(EPOCH_LEAP);
    const droppedCommands = Number(database.prepare('DELETE FROM inbox').run().changes);
    // Runs under the commits of a key that is not here are those of another store: read, never continued.
    if (isForReading)
      database
        .prepare('UPDATE runs SET origin = ?, join_key = NULL, wake_ts = NULL WHERE origin IS NULL')
        .run(fingerprint);
    database.exec('COMMIT');
    return { store, droppedCommands };
  } finally {
    database.close();
  }
}

/** Opens the store for the first time, and tells every run that can go on what it is now. */
async function tellRuns(
  directory: string,
  checked: CheckedBackup,
  wish: RestoreWish,
): Promise<{ readonly epoch: number; readonly runs: readonly string[] }> {
  const { now, onWarning } = wish;
  // What is said of a new key is what --new-key asks for.
  const warn = wish.isForReading ? () => {} : onWarning;
  const store = await openSqliteStore({ directory, mode: 'write', now, onWarning: warn });
  try {
    const epoch = store.ownership.kind === 'writer' ? store.ownership.epoch : 0;
    const unfinished = await store.runs({ statuses: ['queued', 'running', 'paused'], limit: ALL });
    const runs = unfinished.filter(({ origin }) => origin === undefined).map(({ run }) => run);
    for (let told = 0; told < runs.length; told += TOLD_AT_A_TIME)
      await Promise.all(
        runs.slice(told, told + TOLD_AT_A_TIME).map((run) => tellRun(store, run, epoch, { checked, wish })),
      );
    return { epoch, runs };
  } finally {
    await store.close();
  }
}

async function tellRun(
  store: EventStore,
  run: string,
  epoch: number,
  { checked, wish }: { readonly checked: CheckedBackup; readonly wish: RestoreWish },
): Promise<void> {
  const { by, isOriginalStopped, now, onWarning } = wish;
  const state = await loadState(store, run, onWarning);
  if (state !== undefined) checkFlags(state);
  const log = new RunLog(run, epoch, state, {
    store,
    time: { now },
    soon: (callback) => systemClock.soon(callback),
    accepted: () => {},
    committed: () => {},
    drained: () => {},
    lost: () => {},
  });
  const { id: backup, manifest } = checked;
  await log.commit(() => [{ type: 'run.restored', by, backup, backupTs: manifest.createdTs, isOriginalStopped }]);
}
