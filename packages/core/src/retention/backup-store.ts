import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { VltairError } from '@vltair/protocol';
import { commitsAfter } from '../journal/commit-table.ts';
import { readCounts } from '../journal/journal-reads.ts';
import { keyPath, readStoreKey, type StoreKey } from '../journal/signing-key.ts';
import { inStore } from '../journal/sqlite-error.ts';
import { SqliteReader } from '../journal/sqlite-reader.ts';
import { connectReading, isCurrent, openReading } from '../journal/sqlite-file.ts';
import { integerIn, textIn } from '../journal/row.ts';
import { verifyCommits } from '../journal/verify-commits.ts';
import {
  type BackupManifest,
  type BackupPart,
  backupParts,
  type CheckedBackup,
  describePart,
  manifestPath,
  signManifest,
} from './backup-manifest.ts';
import { digestsOf } from './compact-store.ts';
import { makeWhole } from './whole-directory.ts';

export interface BackupWish {
  /** The data directory. */
  readonly directory: string;
  /** A directory that does not exist yet, or is empty. */
  readonly to: string;
  readonly now: number;
  readonly withKey: boolean;
  /** Pages of the database that were copied, of how many. */
  readonly progress: (done: number, total: number) => void;
  /** Puts what the store's digests refer to into the backup as `objects.pack`, where there is something. */
  readonly packObjects: (digests: ReadonlySet<string>, file: string) => Promise<void>;
}

/**
 * Copies a store while its owner may be writing.
 *
 * K1 The database is one snapshot: whole group commits, none torn. Trees are durable before a log names them, so what is
 *    packed afterwards has every tree of that snapshot.
 * K2 A backup appears under its name as a whole, after its commits were verified in the copy, or not at all; what has its
 *    name is on disk.
 *
 * @throws VltairError `not_found/store`, `invalid_argument/not_empty`, `internal/chain_broken`, `unavailable/disk_full`,
 * `unavailable/directory_read_only`.
 */
export async function backupStore(wish: BackupWish): Promise<CheckedBackup> {
  const { directory, to } = wish;
  if (!inStore(directory, () => isCurrent(directory))) throw new VltairError('not_found/store', { detail: directory });
  const key = inStore(directory, () => readStoreKey(directory));
  return await makeWhole({ to, word: 'partial' }, async (draft) => {
    await copyDatabase(wish, join(draft, 'store.db'));
    const copy = await describeCopy(join(draft, 'store.db'), key);
    await wish.packObjects(copy.digests, join(draft, 'objects.pack'));
    copyFiles(wish, draft);
    const parts: BackupManifest['parts'] = [];
    for (const name of backupParts) if (existsSync(join(draft, name))) parts.push(await describePart(draft, name));
    const { text, checked } = signManifest({ ...copy.facts, createdTs: wish.now, parts }, key);
    writeFileSync(manifestPath(draft), text);
    return checked;
  });
}

const PAGES_AT_A_TIME = 1_000;

/** K1. The open read transaction keeps the snapshot: without it every commit of the owner would begin the copy anew. */
async function copyDatabase({ directory, progress }: BackupWish, file: string): Promise<void> {
  const source = inStore(directory, () => openReading(directory));
  try {
    source.exec('BEGIN');
    source.prepare('SELECT value FROM meta').all();
    await backup(source, file, {
      rate: PAGES_AT_A_TIME,
      progress: ({ totalPages, remainingPages }) => progress(totalPages - remainingPages, totalPages),
    });
    source.exec('COMMIT');
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(file);
  copy.exec('PRAGMA journal_mode = DELETE'); // one file, without side files
  copy.close();
}

interface CopyFacts {
  readonly facts: Omit<BackupManifest, 'createdTs' | 'parts'>;
  readonly digests: ReadonlySet<string>;
}

async function describeCopy(file: string, key: StoreKey): Promise<CopyFacts> {
  const database = connectReading(file);
  try {
    const reader = new SqliteReader(database, file);
    const commits = await verifyCommits(
      {
        commits: async (after, limit) => await Promise.resolve(reader.inSnapshot(() => commitsAfter(after, limit))),
        signer: () => key,
      },
      { pinned: signersOf(database, key) },
    );
    if (commits.kind === 'refused') throw new VltairError(commits.reason, { detail: commits.detail });
    const { commits: count, head, lastPosition } = commits;
    const identity = database.prepare('SELECT store FROM identities ORDER BY number DESC LIMIT 1').get() ?? {};
    const epoch = integerIn(database.prepare("SELECT value FROM meta WHERE name = 'epoch'").get() ?? {}, 'value');
    const runs = { ...reader.do(() => readCounts()) };
    const { publicKey } = key;
    const facts = { format: 1 as const, store: textIn(identity, 'store'), epoch, runs, publicKey };
    return { facts: { ...facts, commits: { count, head, lastPosition } }, digests: digestsOf(database) };
  } finally {
    database.close();
  }
}

/** Older keys signed what was written before a change of key; the manifest's signature vouches for all of it. */
function signersOf(database: DatabaseSync, { fingerprint }: StoreKey): readonly string[] {
  return [
    fingerprint,
    ...database
      .prepare('SELECT fingerprint FROM keys')
      .all()
      .map((row) => textIn(row, 'fingerprint')),
  ];
}

function copyFiles({ directory, withKey }: BackupWish, draft: string): void {
  const copy = (from: string, name: BackupPart): void => {
    if (existsSync(from)) copyFileSync(from, join(draft, name));
  };
  copy(join(directory, 'policy.yaml'), 'policy.yaml');
  if (withKey) copy(keyPath(directory), 'signing.key');
}
