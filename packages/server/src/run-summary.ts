import { fold, type BudgetState, type EventStore, type RunRow, type RunState } from '@vltair/core';
import {
  VltairError,
  type Failure,
  type FactOf,
  type Manifest,
  type StoredEvent,
  type WaitingFor,
} from '@vltair/protocol';
import { whyLeftAlone } from './left-alone.ts';
import { childWaitsOf, type ChildWait } from './child-waits.ts';
import { interventionsIn, summariseVisits, type Intervention, type VisitSummary } from './visit-summary.ts';

/** What happened in a run and why, for people. */
export interface RunSummary {
  readonly run: string;
  readonly status: RunRow['status'];
  readonly workflow: string;
  /** What it is pinned to. */
  readonly manifest: Manifest;
  /** Why this version does not work on it. */
  readonly leftAlone: Failure | undefined;
  readonly title: string;
  readonly traceId: string;
  readonly createdTs: number;
  readonly updatedTs: number;
  readonly events: number;
  /** How often a worker took the run over from another one that had not brought it to rest. */
  readonly takeovers: number;
  readonly treeBefore: string | undefined;
  readonly treeAfter: string | undefined;
  readonly budget: BudgetState;
  readonly visits: readonly VisitSummary[];
  /** What people asked of the run, in order. */
  readonly interventions: readonly Intervention[];
  /** What the run gave. */
  readonly output: RunState['output'];
  /** The `subrun` node that it is the child of, and the run that it was forked from. */
  readonly parent: RunState['parent'];
  readonly forkedFrom: { readonly run: string; readonly seq: number } | undefined;
  readonly retries: number;
  readonly cancel: RunState['cancel'];
  readonly failure: Failure | undefined;
  readonly waitingFor: readonly WaitingFor[];
  readonly childWaits: readonly ChildWait[];
  /** Where the change was written by `--apply`, and who asked for it. */
  readonly applied: (Pick<FactOf<'tree.applied'>, 'by' | 'directory' | 'files'> & { readonly ts: number }) | undefined;
  /** Where an imported run came from. */
  readonly origin: string | undefined;
  /** Since when it lies in the archive. */
  readonly archivedTs: number | undefined;
  /** The backup that the run was restored from last, and what was said of its original. */
  readonly restored: RestoredMark | undefined;
}

type RestoredMark = Omit<FactOf<'run.restored'>, 'type'> & { readonly ts: number };

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
    manifest: state.manifest,
    leftAlone: row.origin === undefined ? whyLeftAlone(state) : undefined,
    title: state.title,
    traceId: state.traceId,
    createdTs: state.createdTs,
    updatedTs: state.ts,
    events: state.seq,
    takeovers: takeoversIn(events),
    treeBefore: created?.type === 'run.created' ? created.tree : undefined,
    treeAfter: state.tree,
    budget: state.budget,
    visits: summariseVisits(state.workflow, events),
    interventions: interventionsIn(events),
    output: state.output,
    parent: state.parent,
    forkedFrom: forkIn(created),
    retries: state.retries,
    cancel: state.cancel,
    failure: state.failure,
    waitingFor: state.waitingFor,
    childWaits: await childWaitsOf(store, state),
    applied: appliedIn(events),
    origin: row.origin,
    archivedTs: row.archivedTs,
    restored: restoredIn(events),
  };
}

/** Whoever goes on with a run that waits interrupts nothing. */
function takeoversIn(events: readonly StoredEvent[]): number {
  let isPaused = false;
  let takeovers = 0;
  for (const { payload } of events) {
    if (payload.type === 'run.paused' || payload.type === 'run.resumed') isPaused = payload.type === 'run.paused';
    if (payload.type === 'run.claimed' && !isPaused) takeovers += 1;
  }
  return takeovers;
}

function restoredIn(events: readonly StoredEvent[]): RestoredMark | undefined {
  const event = events.findLast(({ payload }) => payload.type === 'run.restored');
  if (event?.payload.type !== 'run.restored') return undefined;
  const { type: _, ...mark } = event.payload;
  return { ...mark, ts: event.ts };
}

function forkIn(created: StoredEvent['payload'] | undefined): RunSummary['forkedFrom'] {
  const fork = created?.type === 'run.created' ? created.forkedFrom : undefined;
  return fork === undefined ? undefined : { run: fork.run, seq: fork.seq };
}

function appliedIn(events: readonly StoredEvent[]): RunSummary['applied'] {
  return events
    .flatMap(({ ts, payload }) =>
      payload.type === 'tree.applied'
        ? [{ by: payload.by, directory: payload.directory, files: payload.files, ts }]
        : [],
    )
    .at(-1);
}
