import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { canonicalJson, jsonObjectSchema } from '@vltair/protocol';
import { z } from 'zod';
import type { Snapshot } from '../ports/event-store.ts';
import { isEqualMac, type StoreKey } from './signing-key.ts';
import { textIn } from './sqlite-row.ts';

const snapshotSchema = z.strictObject({
  run: z.string(),
  seq: z.int().positive(),
  hash: z.string(),
  schema: z.int(),
  state: jsonObjectSchema,
});

/** How many snapshots of a run are kept: an older one serves when the newest does not hold. */
const KEPT = 2;

/** The table `snapshots`: folded states as canonical JSON under a MAC. Whatever does not hold is as if it were not there. */
export class SnapshotTable {
  readonly #insert: StatementSync;
  readonly #trim: StatementSync;
  readonly #remove: StatementSync;
  readonly #ofRun: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT OR REPLACE INTO snapshots (run, seq, text, mac) VALUES (?, ?, ?, ?)');
    this.#remove = database.prepare('DELETE FROM snapshots WHERE run = ?');
    this.#trim = database.prepare(
      `DELETE FROM snapshots WHERE run = :run AND seq NOT IN
         (SELECT seq FROM snapshots WHERE run = :run ORDER BY seq DESC LIMIT ${KEPT})`,
    );
    // The event that the snapshot names must still be the one at its seq.
    this.#ofRun = database.prepare(
      `SELECT s.text, s.mac, e.hash FROM snapshots s JOIN events e ON e.run = s.run AND e.seq = s.seq
       WHERE s.run = ? ORDER BY s.seq DESC`,
    );
  }

  remove(run: string): void {
    this.#remove.run(run);
  }

  save({ run, seq, text }: { readonly run: string; readonly seq: number; readonly text: string }, key: StoreKey): void {
    this.#insert.run(run, seq, text, key.mac(text));
    this.#trim.run({ run });
  }

  load(run: string, schema: number, key: StoreKey): Snapshot | undefined {
    for (const row of this.#ofRun.iterate(run)) {
      const text = textIn(row, 'text');
      if (!isEqualMac(key.mac(text), textIn(row, 'mac'))) continue;
      const snapshot = snapshotSchema.parse(JSON.parse(text));
      if (snapshot.schema === schema && snapshot.hash === row['hash'] && snapshot.run === run) return snapshot;
    }
    return undefined;
  }
}

export function snapshotText({ run, seq, hash, schema, state }: Snapshot): string {
  return canonicalJson({ run, seq, hash, schema, state });
}
