import type { EventStore, RunQuery, RunRow } from '@vltair/core';
import { readPayload, type WaitingFor } from '@vltair/protocol';
import { readingStore, type StoreOptions } from './open-store.ts';

/** A run of a list, and what it waits for where it is paused. */
export interface ListedRun extends RunRow {
  readonly waitingFor: readonly WaitingFor[];
}

/** Facts that may follow a pause without ending it, such as that of a restore. */
const BEHIND_PAUSE = 16;

/** The newest runs that fit. What they wait for is read from the ends of their logs: no run is loaded for a list. */
export async function listRuns(options: StoreOptions, query: RunQuery): Promise<readonly ListedRun[]> {
  return await readingStore(options, async (store) => {
    const listed: ListedRun[] = [];
    for (const row of await store.runs(query))
      listed.push({ ...row, waitingFor: row.status === 'paused' ? await waitsOf(store, row) : [] });
    return listed;
  });
}

async function waitsOf(store: EventStore, { run, seq }: RunRow): Promise<readonly WaitingFor[]> {
  const end = await store.entries(run, Math.max(0, seq - BEHIND_PAUSE), BEHIND_PAUSE);
  const pause = end.findLast(({ header, payload }) => header.type === 'run.paused' && payload !== undefined);
  if (pause?.payload === undefined) return [];
  const said = readPayload(pause.header, pause.payload);
  return said.type === 'run.paused' ? said.waitingFor : [];
}
