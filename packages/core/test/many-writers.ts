import { setTimeout as sleep } from 'node:timers/promises';
import { VltairError } from '@vltair/protocol';
import { openPostgresStore } from '../src/journal/open-postgres-store.ts';
import { openSqliteStore } from '../src/journal/open-sqlite-store.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { anAppend, claimed } from './journal-builders.ts';

/** Where a writer in a process of its own finds the store. */
export type StoreAddress =
  | { readonly kind: 'sqlite'; readonly directory: string }
  | { readonly kind: 'postgres'; readonly directory: string; readonly url: string };

/** An append that was acknowledged: what it said, and where it stands. */
export interface Acknowledged {
  readonly run: string;
  readonly seq: number;
  readonly position: number;
  readonly label: string;
}

export const RUNS = ['r0', 'r1', 'r2', 'r3', 'r4'] as const;

/** Appends `count` events to the runs, against all others who do the same, as a worker that takes runs over. */
export async function writeAmongOthers(
  store: EventStore,
  writer: string,
  count: number,
): Promise<readonly Acknowledged[]> {
  const written: Acknowledged[] = [];
  let epoch = store.ownership.kind === 'writer' ? store.ownership.epoch : 0;
  while (written.length < count) {
    const run = RUNS[written.length % RUNS.length] ?? '';
    const label = `${writer}-${written.length}`;
    const expectedSeq = (await store.head(run))?.seq ?? 0;
    const events = [{ ts: 1_000, payload: claimed(label) }];
    const outcome = await store.append(anAppend(store, { run, expectedSeq, epoch, events }));
    if (outcome.kind === 'fenced') epoch = await store.takeEpoch();
    if (outcome.kind === 'appended') written.push({ run, seq: outcome.lastSeq, position: outcome.lastPosition, label });
  }
  return written;
}

/** Events between two openings: a file has one owner at a time. */
const TURN = 10;

export async function writeByAddress(
  address: StoreAddress,
  writer: string,
  count: number,
): Promise<readonly Acknowledged[]> {
  const written: Acknowledged[] = [];
  for (let turn = 0; written.length < count; turn += 1) {
    const store = await openWhenFree(address);
    const events = address.kind === 'sqlite' ? Math.min(TURN, count - written.length) : count;
    written.push(...(await writeAmongOthers(store, `${writer}.${turn}`, events)));
    await store.close();
  }
  return written;
}

async function openWhenFree(address: StoreAddress): Promise<EventStore> {
  for (;;) {
    try {
      return await open(address);
    } catch (error) {
      if (!(error instanceof VltairError) || error.reason !== 'unavailable/store_locked') throw error;
      await sleep(5 + Math.random() * 20);
    }
  }
}

function open(address: StoreAddress): Promise<EventStore> {
  const onWarning = (warning: string): void => void process.stderr.write(`${warning}\n`);
  if (address.kind === 'postgres') return openPostgresStore({ ...address, mode: 'write', onWarning });
  return openSqliteStore({ ...address, mode: 'write', now: Date.now, onWarning });
}
