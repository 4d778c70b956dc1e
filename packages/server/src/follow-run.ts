import { setTimeout as sleep } from 'node:timers/promises';
import { ownerOf, type EventStore, type OwnerProcess } from '@vltair/core';
import { VltairError, type StoredEvent } from '@vltair/protocol';

const POLL_MS = 100;

/** The live process that works in a data directory. */
export function liveOwner(dataDirectory: string): OwnerProcess | undefined {
  return ownerOf(dataDirectory);
}

export interface FollowOptions {
  readonly after: number;
  /** Asked whenever nothing new has come: `true` ends the following. */
  readonly isOver: (lastSeq: number) => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** The events of a run as they become durable, whichever process writes them. @throws VltairError `not_found/run` */
export async function* followRun(
  store: EventStore,
  run: string,
  { after, isOver, signal }: FollowOptions,
): AsyncGenerator<StoredEvent, void, undefined> {
  if ((await store.run(run)) === undefined) throw new VltairError('not_found/run', { detail: run });
  let seq = after;
  for (let seen = -1; !signal.aborted;) {
    const changes = store.changes();
    const events = changes === seen ? [] : await store.read(run, seq);
    seen = changes;
    for (const event of events) yield event;
    seq = events.at(-1)?.seq ?? seq;
    if (events.length > 0) continue;
    if (await isOver(seq)) return;
    await sleep(POLL_MS);
  }
}

/** Whether a run has come to its end, as far as an observer that has seen `seq` is concerned. */
export async function hasRunEnded(store: EventStore, run: string, seq: number): Promise<boolean> {
  const row = await store.run(run);
  if (row === undefined || row.seq > seq) return false;
  return row.status === 'succeeded' || row.status === 'failed' || row.status === 'cancelled';
}
