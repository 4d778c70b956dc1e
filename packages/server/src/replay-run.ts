import {
  fold,
  requireVerifiedRun,
  verifyReplay,
  type EventStore,
  type NodeState,
  type ReplayDifference,
  type RunState,
} from '@vltair/core';
import { VltairError, type RunEvent } from '@vltair/protocol';

/** A moment of a run: after the event `seq`, or after all events up to a time. */
export type ReplayPoint =
  { readonly kind: 'seq'; readonly seq: number } | { readonly kind: 'time'; readonly ts: number };

/** The state that the log gives at a moment. Nothing is called to find it. */
export interface Replay {
  readonly run: string;
  readonly seq: number;
  readonly ts: number;
  /** The seq of the last event there is. */
  readonly lastSeq: number;
  readonly status: RunState['status'];
  /** Nodes whose attempt may begin and has acted on nothing yet. */
  readonly ready: readonly NodePlace[];
  /** Nodes whose attempt has begun and has not come to an end. */
  readonly running: readonly NodePlace[];
  /** Nodes whose visit has ended. */
  readonly completed: readonly NodePlace[];
  /** Nodes that wait for others. */
  readonly waiting: readonly NodePlace[];
  /** Nodes that wait for a time, a message, an answer or a child run. */
  readonly suspended: readonly NodePlace[];
  /** Nodes whose call may have happened: a person must say. */
  readonly parked: readonly NodePlace[];
  readonly budget: RunState['budget'];
  readonly tree: string | undefined;
}

export interface NodePlace {
  readonly node: string;
  readonly visit: number;
  readonly attempt: number;
  readonly status: NodeState['status'];
}

/** `12`, or a time as ISO 8601. @throws VltairError `invalid_argument/usage` */
export function parseReplayPoint(text: string): ReplayPoint {
  if (/^\d{1,12}$/.test(text)) return { kind: 'seq', seq: Number(text) };
  const ts = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(ts)) return { kind: 'time', ts };
  throw new VltairError('invalid_argument/usage', {
    detail: `"${text}" is neither the number of an event nor a time such as 2026-01-31T12:00:00Z`,
    where: '--at',
  });
}

/**
 * Rebuilds a run's state at a moment, by default its last, from the log alone.
 *
 * @throws VltairError `invalid_argument/usage` for a moment that the run does not have.
 */
export async function replayRun(store: EventStore, run: string, at?: ReplayPoint): Promise<Replay> {
  const events = await store.read(run);
  const state = fold(at === undefined ? events : eventsUntil(events, at));
  if (state === undefined) throw new VltairError('not_found/run', { detail: run });
  return { ...describeState(state), lastSeq: events.at(-1)?.seq ?? state.seq };
}

/**
 * Feeds the recorded facts through today's code. Empty: it would decide the same again.
 *
 * @throws VltairError `internal/chain_broken`: a log that does not verify under the key of its store is not replayed.
 */
export async function verifyReplayOf(store: EventStore, run: string): Promise<readonly ReplayDifference[]> {
  await requireVerifiedRun(store, run);
  return verifyReplay(await store.read(run));
}

function eventsUntil(events: readonly RunEvent[], at: ReplayPoint): readonly RunEvent[] {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return [];
  if (at.kind === 'seq' && (at.seq < 1 || at.seq > last.seq)) throw outside(`the run has the events 1 to ${last.seq}`);
  if (at.kind === 'time' && at.ts < first.ts) throw outside(`the run began at ${new Date(first.ts).toISOString()}`);
  return events.filter(({ seq, ts }) => (at.kind === 'seq' ? seq <= at.seq : ts <= at.ts));
}

function outside(detail: string): VltairError {
  return new VltairError('invalid_argument/usage', { detail, where: '--at' });
}

function describeState(state: RunState): Omit<Replay, 'lastSeq'> {
  const { run, seq, ts, status, budget, tree } = state;
  const places = state.workflow.nodes.map(({ id }) => placeOf(state, id));
  const of = (set: NodeSet): readonly NodePlace[] => places.filter((place) => place.set === set).map(withoutSet);
  return {
    run,
    seq,
    ts,
    status,
    ready: of('ready'),
    running: of('running'),
    completed: of('completed'),
    waiting: of('waiting'),
    suspended: of('suspended'),
    parked: of('parked'),
    budget,
    tree,
  };
}

type NodeSet = 'ready' | 'running' | 'completed' | 'waiting' | 'suspended' | 'parked';

const setOf: Readonly<Record<NodeState['status'], NodeSet>> = {
  waiting: 'waiting',
  scheduled: 'ready',
  completed: 'running',
  stopping: 'running',
  stopped: 'running',
  woken: 'running',
  joining: 'running',
  suspended: 'suspended',
  held: 'suspended',
  parked: 'parked',
  succeeded: 'completed',
  failed: 'completed',
  skipped: 'completed',
  cancelled: 'completed',
};

function placeOf(state: RunState, id: string): NodePlace & { readonly set: NodeSet } {
  const node = state.nodes[id];
  if (node === undefined) throw new RangeError(`run ${state.run} has no node ${id}`);
  const { status, visit, attempt } = node;
  const hasBegun = status === 'scheduled' && Object.keys(node.effects).length > 0;
  return { node: id, visit, attempt, status, set: hasBegun ? 'running' : setOf[status] };
}

function withoutSet({ node, visit, attempt, status }: NodePlace): NodePlace {
  return { node, visit, attempt, status };
}
