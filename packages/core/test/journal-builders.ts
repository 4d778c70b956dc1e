import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventPayload } from '@vltair/protocol';
import type { AppendOutcome, AppendRequest, EventStore, RunProjection } from '../src/ports/event-store.ts';

/** A directory of its own for a test, and how to remove it. */
export function aDirectory(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'vltair-journal-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function aRow(row: Partial<RunProjection> = {}): RunProjection {
  return {
    status: 'running',
    workflow: 'fix-failing',
    title: 'a run',
    joinKey: undefined,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    createdTs: 1_000,
    updatedTs: 1_000,
    failure: undefined,
    wakeTs: undefined,
    ...row,
  };
}

export function created(title = 'a run'): EventPayload {
  return {
    type: 'run.created',
    workflow: { name: 'fix-failing', description: '', nodes: [], budget: {} },
    manifest: { workflow: 'w', agents: {}, flags: [] },
    input: {},
    traceId: '0af7651916cd43dd8448eb211c80319c',
    title,
  };
}

export function claimed(worker: string): EventPayload {
  return { type: 'run.claimed', worker };
}

/** One event after `expectedSeq`, written by the store's owner. */
export function anAppend(store: EventStore, request: Partial<AppendRequest> & { readonly run: string }): AppendRequest {
  const { ownership } = store;
  return {
    tenant: 'local',
    expectedSeq: 0,
    epoch: ownership.kind === 'writer' ? ownership.epoch : 0,
    events: [{ ts: 1_000, payload: claimed('w1') }],
    row: aRow(),
    ...request,
  };
}

/** Appends one event after another to a run, from its start. */
export async function aRunOf(
  store: EventStore,
  run: string,
  payloads: readonly EventPayload[],
  row = aRow(),
): Promise<void> {
  for (const [expectedSeq, payload] of payloads.entries()) {
    const outcome = await store.append(
      anAppend(store, { run, expectedSeq, events: [{ ts: 1_000 + expectedSeq, payload }], row }),
    );
    if (outcome.kind !== 'appended') throw new TypeError(`the builder's append was refused: ${outcome.kind}`);
  }
}

export function appended(outcome: AppendOutcome): Extract<AppendOutcome, { kind: 'appended' }> {
  if (outcome.kind === 'appended') return outcome;
  throw new TypeError(`the append was refused: ${outcome.kind}`);
}
