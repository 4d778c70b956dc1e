import type { EventStore, RunStatus } from '@vltair/core';
import { readPayload, VltairError, type EventPayload } from '@vltair/protocol';

/** What is left to tell of a run whose payloads were purged. */
export interface PurgedSummary {
  readonly run: string;
  readonly status: RunStatus;
  readonly workflow: string;
  readonly traceId: string;
  readonly createdTs: number;
  readonly updatedTs: number;
  readonly events: number;
  readonly archivedTs: number | undefined;
  readonly purged: {
    /** `undefined`: it was done in the store that the run came from, before it was exported. */
    readonly by: string | undefined;
    readonly ts: number | undefined;
    readonly reason: string | undefined;
    readonly payloads: number;
  };
}

/** An event without what it said. */
export interface PurgedEvent {
  readonly run: string;
  readonly seq: number;
  readonly ts: number;
  readonly kind: string;
  readonly type: string;
  readonly hash: string;
  readonly payloadDigest: string;
  readonly isPurged: boolean;
  /** That of the purge itself is there. */
  readonly payload: EventPayload | undefined;
}

const PAGE = 500;

/** `undefined` for a run that can be read. @throws VltairError `not_found/run` */
export async function summarisePurged(store: EventStore, run: string): Promise<PurgedSummary | undefined> {
  const row = await store.run(run);
  if (row === undefined) throw new VltairError('not_found/run', { detail: run });
  const [first] = await store.entries(run, 0, 1);
  if (first === undefined || first.payload !== undefined) return undefined;
  let payloads = 0;
  let fact: Extract<EventPayload, { type: 'payload.purged' }> | undefined;
  for await (const { isPurged, payload } of purgedLog(store, run, 0)) {
    if (isPurged) payloads += 1;
    if (payload?.type === 'payload.purged') fact = payload;
  }
  const { status, workflow, traceId, createdTs, updatedTs, seq, archivedTs, purged } = row;
  return {
    ...{ run, status, workflow, traceId, createdTs, updatedTs, events: seq, archivedTs },
    purged: { by: purged?.by ?? fact?.by, ts: purged?.ts, reason: fact?.reason, payloads },
  };
}

/** The log of such a run, as far as it can be told. */
export async function* purgedLog(
  store: EventStore,
  run: string,
  after: number,
): AsyncGenerator<PurgedEvent, void, undefined> {
  for (let seen = after; ;) {
    const page = await store.entries(run, seen, PAGE);
    for (const { header, hash, payload } of page) {
      const { seq, ts, kind, type, payloadDigest } = header;
      const said = payload === undefined ? undefined : readPayload(header, payload);
      yield { run, seq, ts, kind, type, hash, payloadDigest, isPurged: payload === undefined, payload: said };
      seen = seq;
    }
    if (page.length < PAGE) return;
  }
}
