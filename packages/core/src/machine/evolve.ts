import type { AttemptRef, EventPayload, FactOf, Route, RunEvent } from '@vltair/protocol';
import { evolveEffect, settleVisit } from './evolve-effect.ts';
import { openBudget } from './budget.ts';
import { planGraph } from './plan-graph.ts';
import {
  definitionOf,
  hasEnded,
  nodeOf,
  unvisited,
  type AttemptRecord,
  type NodeState,
  type RunState,
} from './run-state.ts';

/**
 * The fold: the state after one more event. Total over the event union; a fact that comes too late changes nothing but
 * the books.
 *
 * @throws RangeError when the events are none of one run in order: a caller's bug or a corrupted log.
 */
export function evolve(state: RunState | undefined, event: RunEvent): RunState {
  const { payload } = event;
  if (state === undefined) {
    if (payload.type === 'run.created' && event.seq === 1) return created(event, payload);
    throw new RangeError(`run ${event.run} does not begin with run.created at seq 1`);
  }
  if (event.run !== state.run) throw new RangeError(`run ${state.run}: an event of run ${event.run}`);
  if (event.seq !== state.seq + 1) throw new RangeError(`run ${event.run}: seq ${event.seq} after ${state.seq}`);
  return evolveKnown({ ...state, seq: event.seq, ts: event.ts, epoch: event.epoch }, payload);
}

/** The fold of a whole log. `undefined` for no events. */
export function fold(events: Iterable<RunEvent>, from?: RunState): RunState | undefined {
  let state = from;
  for (const event of events) state = evolve(state, event);
  return state;
}

function created(event: RunEvent, fact: FactOf<'run.created'>): RunState {
  const { workflow } = fact;
  return {
    run: event.run,
    seq: event.seq,
    ts: event.ts,
    epoch: event.epoch,
    status: 'running',
    workflow,
    plan: planGraph(workflow),
    manifest: fact.manifest,
    input: fact.input,
    traceId: fact.traceId,
    joinKey: fact.joinKey,
    title: fact.title,
    createdTs: event.ts,
    deadlineTs: workflow.timeout === undefined ? undefined : event.ts + workflow.timeout,
    tree: fact.tree,
    nodes: Object.fromEntries(workflow.nodes.map((node) => [node.id, unvisited])),
    budget: openBudget(workflow.budget),
    cancel: undefined,
    failure: undefined,
    waitingFor: [],
  };
}

function evolveKnown(state: RunState, payload: EventPayload): RunState {
  switch (payload.type) {
    case 'run.created':
      throw new RangeError(`run ${state.run} is created twice`);
    case 'run.claimed':
      return mapNodes(state, (node) =>
        node.status === 'scheduled' ? { ...node, incarnation: node.incarnation + 1 } : node,
      );
    case 'cancel.requested':
      return hasEnded(state) ? state : { ...state, cancel: state.cancel ?? { by: payload.by, reason: payload.reason } };
    case 'timer.fired':
    case 'tree.applied':
      return state;
    case 'attempt.completed':
      return completed(state, payload);
    case 'attempt.stopped':
      return changeCurrent(state, payload, ['stopping'], (node) => endAttempt(state, node, 'stopped', 'stopped'));
    case 'attempt.scheduled':
      return changeNode(state, payload.node, (node) => scheduled(state, node, payload));
    case 'attempt.stopping':
      return changeNode(state, payload.node, (node) => ({ ...node, status: 'stopping', stopCause: payload.cause }));
    case 'node.succeeded':
      return settleVisit(
        changeNode(state, payload.node, (node) => succeeded(state, payload.node, node, payload.signal)),
        payload.node,
      );
    case 'node.failed':
      return settleVisit(
        changeNode(state, payload.node, (node) => ({
          ...node,
          status: 'failed',
          failure: payload.failure,
          visit: payload.visit,
        })),
        payload.node,
      );
    case 'node.skipped':
      return settleVisit(
        changeNode(state, payload.node, (node) => ({ ...node, status: 'skipped' })),
        payload.node,
      );
    case 'node.cancelled':
      return settleVisit(
        changeNode(state, payload.node, (node) => ({ ...node, status: 'cancelled' })),
        payload.node,
      );
    case 'route.taken':
      return routed(state, payload.from, payload.to, payload.region);
    case 'run.paused':
      return { ...state, status: 'paused', waitingFor: payload.waitingFor };
    case 'run.resumed':
      return { ...state, status: 'running', waitingFor: [] };
    case 'run.succeeded':
      return { ...state, status: 'succeeded', waitingFor: [] };
    case 'run.failed':
      return { ...state, status: 'failed', failure: payload.failure, waitingFor: [] };
    case 'run.cancelled':
      return { ...state, status: 'cancelled', waitingFor: [] };
    default:
      return evolveEffect(state, payload);
  }
}

function scheduled(
  state: RunState,
  node: NodeState,
  decision: AttemptRef & { readonly dueTs: number; readonly deadlineTs?: number; readonly tree?: string },
): NodeState {
  const record: AttemptRecord = {
    visit: decision.visit,
    attempt: decision.attempt,
    scheduledTs: state.ts,
    endedTs: undefined,
    ended: undefined,
  };
  return {
    ...node,
    status: 'scheduled',
    visit: decision.visit,
    attempt: decision.attempt,
    incarnation: 1,
    dueTs: decision.dueTs,
    deadlineTs: decision.deadlineTs,
    tree: decision.tree,
    outcome: undefined,
    stopCause: undefined,
    attempts: [...node.attempts, record],
  };
}

/** A result counts only for the incarnation that is in flight; one that comes after the stop was asked for only ends the attempt. */
function completed(state: RunState, fact: FactOf<'attempt.completed'>): RunState {
  if (nodeOf(state, fact.node).incarnation !== fact.incarnation) return state;
  const stopping = changeCurrent(state, fact, ['stopping'], (node) => endAttempt(state, node, 'stopped', 'stopped'));
  const after = changeCurrent(stopping, fact, ['scheduled'], (node) => ({
    ...endAttempt(state, node, 'completed', fact.outcome.kind),
    outcome: fact.outcome,
  }));
  const applied = fact.outcome.kind === 'result' && after !== stopping ? fact.outcome.treeAfter : undefined;
  return applied === undefined ? after : { ...after, tree: applied };
}

function endAttempt(
  state: RunState,
  node: NodeState,
  status: 'completed' | 'stopped',
  ended: NonNullable<AttemptRecord['ended']>,
): NodeState {
  const attempts = node.attempts.map((record, index) =>
    index === node.attempts.length - 1 ? { ...record, endedTs: state.ts, ended } : record,
  );
  return { ...node, status, attempts };
}

function succeeded(state: RunState, id: string, node: NodeState, signal: string): NodeState {
  const result = node.outcome?.kind === 'result' ? node.outcome.result.payload : undefined;
  return {
    ...node,
    status: 'succeeded',
    result,
    route: chosenRoute(definitionOf(state, id).routes, signal),
    outcome: undefined,
  };
}

/** The route on the signal itself, else the one on `*`. */
function chosenRoute(routes: readonly Route[], signal: string): Route | undefined {
  return routes.find((route) => route.on === signal) ?? routes.find((route) => route.on === '*');
}

function routed(state: RunState, from: string, to: string, region: readonly string[]): RunState {
  const followed = changeNode(state, from, (node) => ({ ...node, route: undefined, routedTo: to }));
  return region.reduce((next, id) => changeNode(next, id, (node) => restarted(node)), followed);
}

/** A node at the start of its next visit: its history, last result and visit count stay. */
function restarted(node: NodeState): NodeState {
  return { ...unvisited, visit: node.visit, result: node.result, attempts: node.attempts };
}

function changeNode(state: RunState, id: string, change: (node: NodeState) => NodeState): RunState {
  return { ...state, nodes: { ...state.nodes, [id]: change(nodeOf(state, id)) } };
}

/** Changes the node only when the event speaks of its current attempt and it has one of the statuses. */
function changeCurrent(
  state: RunState,
  ref: AttemptRef,
  statuses: readonly NodeState['status'][],
  change: (node: NodeState) => NodeState,
): RunState {
  const node = nodeOf(state, ref.node);
  const current = node.visit === ref.visit && node.attempt === ref.attempt && statuses.includes(node.status);
  return current ? changeNode(state, ref.node, change) : state;
}

function mapNodes(state: RunState, change: (node: NodeState) => NodeState): RunState {
  return { ...state, nodes: Object.fromEntries(Object.entries(state.nodes).map(([id, node]) => [id, change(node)])) };
}
