import { fold, type BudgetState, type EventStore, type RunRow, type RunState } from '@vltair/core';
import { VltairError, type Failure, type StoredEvent, type WaitingFor } from '@vltair/protocol';
import { summariseVisits, type VisitSummary } from './visit-summary.ts';

/** What happened in a run and why, for people. */
export interface RunSummary {
  readonly run: string;
  readonly status: RunRow['status'];
  readonly workflow: string;
  readonly title: string;
  readonly traceId: string;
  readonly createdTs: number;
  readonly updatedTs: number;
  readonly events: number;
  /** Workers that took the run over after the first one. */
  readonly takeovers: number;
  readonly treeBefore: string | undefined;
  readonly treeAfter: string | undefined;
  readonly budget: BudgetState;
  readonly visits: readonly VisitSummary[];
  readonly cancel: RunState['cancel'];
  readonly failure: Failure | undefined;
  readonly waitingFor: readonly WaitingFor[];
  /** Where the change was written by `--apply`. */
  readonly applied: { readonly directory: string; readonly files: readonly string[]; readonly ts: number } | undefined;
  /** Where an imported run came from. */
  readonly origin: string | undefined;
}

/** @throws VltairError `not_found/run` */
export async function summariseRun(store: EventStore, run: string): Promise<RunSummary> {
  const row = await store.run(run);
  const events = await store.read(run);
  const state = fold(events);
  if (row === undefined || state === undefined) throw new VltairError('not_found/run', { detail: run });
  const created = events[0]?.payload;
  return {
    run,
    status: state.status,
    workflow: state.workflow.name,
    title: state.title,
    traceId: state.traceId,
    createdTs: state.createdTs,
    updatedTs: state.ts,
    events: state.seq,
    takeovers: events.filter(({ payload }) => payload.type === 'run.claimed').length,
    treeBefore: created?.type === 'run.created' ? created.tree : undefined,
    treeAfter: state.tree,
    budget: state.budget,
    visits: summariseVisits(state.workflow, events),
    cancel: state.cancel,
    failure: state.failure,
    waitingFor: state.waitingFor,
    applied: appliedIn(events),
    origin: row.origin,
  };
}

function appliedIn(events: readonly StoredEvent[]): RunSummary['applied'] {
  return events
    .flatMap(({ ts, payload }) =>
      payload.type === 'tree.applied' ? [{ directory: payload.directory, files: payload.files, ts }] : [],
    )
    .at(-1);
}
