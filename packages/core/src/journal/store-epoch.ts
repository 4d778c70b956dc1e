import { VltairError } from '@vltair/protocol';
import { askNewestCommit, type NewestCommit, newestCommitIn } from './commit-table.ts';
import { askLastPosition, lastPositionIn } from './event-table.ts';
import { integerIn } from './row.ts';
import { isSignedBy, type StoreKey } from './signing-key.ts';
import { SqliteDriver } from './sqlite-driver.ts';
import { openWriting } from './sqlite-file.ts';
import { rowOf, statement, type Work } from './statement.ts';

const updateEpoch = statement("UPDATE meta SET value = value + 1 WHERE name = 'epoch' RETURNING value");

/** The newest commit, and the newest event. */
export interface EndOfLog {
  readonly newest: NewestCommit | undefined;
  readonly lastPosition: number;
}

export function* endOfLog(): Work<EndOfLog> {
  const [newest, last] = yield [askNewestCommit, askLastPosition];
  return { newest: newestCommitIn(newest), lastPosition: lastPositionIn(last) };
}

/** Counts this ownership: higher than all before it. For the holder of the owner lock. */
export function takeEpoch(directory: string, key: StoreKey, onWarning: (warning: string) => void): number {
  const database = openWriting(directory);
  const driver = new SqliteDriver(database);
  try {
    checkEnd(driver.do(endOfLog()), key, { name: directory, onWarning });
    return driver.do(countOpening());
  } finally {
    database.close();
  }
}

/** The number of this opening: higher than all before it. */
export function* countOpening(): Work<number> {
  return integerIn((yield* rowOf(updateEpoch)) ?? {}, 'value');
}

export interface CheckedStore {
  /** For people. */
  readonly name: string;
  readonly onWarning: (warning: string) => void;
}

/** What is signed next names the newest commit, so that one has to be signed by the key in the file, and to end the log. */
export function checkEnd({ newest, lastPosition }: EndOfLog, key: StoreKey, { name, onWarning }: CheckedStore): void {
  if (newest !== undefined && newest.fingerprint !== key.fingerprint) {
    onWarning(
      `The signing key of ${name} is not the one that signed before; exports made from now on have the fingerprint ${key.fingerprint}. ` +
        `Runs under commits of ${newest.fingerprint} are neither continued nor exported; \`vltair verify\` wants both keys for them.`,
    );
    return;
  }
  if (newest !== undefined && !isSignedBy(key.publicKey, newest.statement, newest.signature))
    throw broken(name, 'the signature of the newest commit does not hold');
  if (lastPosition !== (newest?.lastPosition ?? 0))
    throw broken(name, 'the newest commit is not that of the last event');
}

function broken(name: string, fault: string): VltairError {
  return new VltairError('internal/chain_broken', { detail: `${name}: ${fault}`, where: name });
}
