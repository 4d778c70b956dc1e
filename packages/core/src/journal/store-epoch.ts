import type { DatabaseSync } from 'node:sqlite';
import { openWriting } from './sqlite-file.ts';
import type { StoreKey } from './signing-key.ts';
import { integerIn } from './sqlite-row.ts';

/** Counts this ownership: higher than all before it. For the holder of the owner lock. */
export function takeEpoch(directory: string, key: StoreKey, onWarning: (warning: string) => void): number {
  const database = openWriting(directory);
  try {
    if (hasOtherKeys(database, key)) {
      onWarning(
        `The signing key of ${directory} is not the one that signed before; exports made from now on have the fingerprint ${key.fingerprint}.`,
      );
    }
    const row = database.prepare("UPDATE meta SET value = value + 1 WHERE name = 'epoch' RETURNING value").get();
    return integerIn(row ?? {}, 'value');
  } finally {
    database.close();
  }
}

/** Commits exist, and the newest is not by this key. */
function hasOtherKeys(database: DatabaseSync, { fingerprint }: StoreKey): boolean {
  const newest = database.prepare('SELECT fingerprint FROM commits ORDER BY number DESC LIMIT 1').get();
  return newest !== undefined && newest['fingerprint'] !== fingerprint;
}
