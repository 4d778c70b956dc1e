import { canonicalJson, jsonObjectSchema } from '@vltair/protocol';
import { z } from 'zod';
import type { Snapshot } from '../ports/event-store.ts';
import { textIn } from './row.ts';
import { isEqualMac, type StoreKey } from './signing-key.ts';
import { type Ask, ask, askAll, batch, rowsOf, statement, type Work } from './statement.ts';

const snapshotSchema = z.strictObject({
  run: z.string(),
  seq: z.int().positive(),
  hash: z.string(),
  schema: z.int(),
  state: jsonObjectSchema,
});

/** How many snapshots of a run are kept: an older one serves when the newest does not hold. */
const KEPT = 2;

/* The table `snapshots`: folded states as canonical JSON under a MAC. Whatever does not hold is as if it were not there. */
const upsert = batch({
  into: 'snapshots',
  columns: { run: 'text', seq: 'bigint', text: 'text', mac: 'text' },
  then: 'ON CONFLICT (run, seq) DO UPDATE SET text = excluded.text, mac = excluded.mac',
});
const deleteOfRun = statement('DELETE FROM snapshots WHERE run = :run');
const trim = statement(
  `DELETE FROM snapshots WHERE run = :run AND seq NOT IN
     (SELECT seq FROM snapshots WHERE run = :run ORDER BY seq DESC LIMIT ${KEPT})`,
);
/** The event that the snapshot names must still be the one at its seq. */
const selectOfRun = statement(
  `SELECT s.text, s.mac, e.hash FROM snapshots s JOIN events e ON e.run = s.run AND e.seq = s.seq
   WHERE s.run = :run ORDER BY s.seq DESC`,
);

export interface SerialisedSnapshot {
  readonly run: string;
  readonly seq: number;
  readonly text: string;
}

export function askRemoveSnapshots(run: string): Ask {
  return ask(deleteOfRun, { run });
}

export function askSaveSnapshot({ run, seq, text }: SerialisedSnapshot, key: StoreKey): readonly Ask[] {
  return [...askAll(upsert, [{ run, seq, text, mac: key.mac(text) }]), ask(trim, { run })];
}

export function* newestSnapshot(run: string, schema: number, key: StoreKey): Work<Snapshot | undefined> {
  for (const row of yield* rowsOf(selectOfRun, { run })) {
    const text = textIn(row, 'text');
    if (!isEqualMac(key.mac(text), textIn(row, 'mac'))) continue;
    const snapshot = snapshotSchema.parse(JSON.parse(text));
    if (snapshot.schema === schema && snapshot.hash === row['hash'] && snapshot.run === run) return snapshot;
  }
  return undefined;
}

export function snapshotText({ run, seq, hash, schema, state }: Snapshot): string {
  return canonicalJson({ run, seq, hash, schema, state });
}
