import type { DatabaseSync } from 'node:sqlite';
import { VltairError } from '@vltair/protocol';
import { lastPositionOf } from './event-table.ts';
import { isSignedBy, type StoreKey } from './signing-key.ts';
import { openWriting } from './sqlite-file.ts';
import { integerIn, textIn } from './sqlite-row.ts';

/** Counts this ownership: higher than all before it. For the holder of the owner lock. */
export function takeEpoch(directory: string, key: StoreKey, onWarning: (warning: string) => void): number {
  const database = openWriting(directory);
  try {
    const newest = newestCommit(database);
    if (newest !== undefined && newest.fingerprint !== key.fingerprint) {
      onWarning(
        `The signing key of ${directory} is not the one that signed before; exports made from now on have the fingerprint ${key.fingerprint}. ` +
          `Runs under commits of ${newest.fingerprint} are neither continued nor exported; \`vltair verify\` wants both keys for them.`,
      );
    } else checkEnd(database, newest, key, directory);
    return countOpening(database);
  } finally {
    database.close();
  }
}

/** The number of this opening: higher than all before it. */
export function countOpening(database: DatabaseSync): number {
  const row = database.prepare("UPDATE meta SET value = value + 1 WHERE name = 'epoch' RETURNING value").get();
  return integerIn(row ?? {}, 'value');
}

interface NewestCommit {
  readonly fingerprint: string;
  readonly statement: string;
  readonly signature: string;
  readonly lastPosition: number;
}

function newestCommit(database: DatabaseSync): NewestCommit | undefined {
  const row = database
    .prepare('SELECT fingerprint, statement, signature, last_position FROM commits ORDER BY number DESC LIMIT 1')
    .get();
  if (row === undefined) return undefined;
  return {
    fingerprint: textIn(row, 'fingerprint'),
    statement: textIn(row, 'statement'),
    signature: textIn(row, 'signature'),
    lastPosition: integerIn(row, 'last_position'),
  };
}

/** What is signed next names the newest commit, so that one has to be signed by the key in the file, and to end the log. */
function checkEnd(
  database: DatabaseSync,
  newest: NewestCommit | undefined,
  { publicKey }: StoreKey,
  directory: string,
): void {
  if (newest !== undefined && !isSignedBy(publicKey, newest.statement, newest.signature))
    throw broken(directory, 'the signature of the newest commit does not hold');
  if (lastPositionOf(database) !== (newest?.lastPosition ?? 0))
    throw broken(directory, 'the newest commit is not that of the last event');
}

function broken(directory: string, fault: string): VltairError {
  return new VltairError('internal/chain_broken', { detail: `${directory}: ${fault}`, where: directory });
}
