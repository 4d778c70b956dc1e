import type { FactOf } from '@vltair/protocol';
import { extend } from './budget.ts';
import { applyCarry, fresh } from './carry.ts';
import { changeNode } from './change-node.ts';
import { withoutChildren } from './children.ts';
import { baseOf } from './definition.ts';
import { migrated } from './migrate.ts';
import { downstreamOf } from './plan-graph.ts';
import { findNode, hasEnded, isSettled, nodeOf, type RunState } from './run-state.ts';

type CommandFact = FactOf<
  | 'cancel.requested'
  | 'pause.requested'
  | 'resume.requested'
  | 'retry.requested'
  | 'rollback.requested'
  | 'run.migrated'
  | 'signal.received'
>;

/** The fold of what people asked for. What comes too late changes nothing. */
export function evolveCommand(state: RunState, fact: CommandFact): RunState {
  switch (fact.type) {
    case 'cancel.requested':
      return cancelled(state, fact);
    case 'pause.requested':
      return hasEnded(state) ? state : { ...state, pause: state.pause ?? { by: fact.by, reason: fact.reason } };
    case 'resume.requested':
      return { ...state, pause: undefined };
    case 'retry.requested':
      return state.status === 'failed' ? retried(state, fact) : state;
    case 'rollback.requested':
      return reopened(applyCarry(state, fact.carry));
    case 'run.migrated':
      return hasEnded(state) ? state : migrated(state, fact);
    case 'signal.received':
      return received(state, fact);
  }
}

function cancelled(state: RunState, { node, by, reason }: FactOf<'cancel.requested'>): RunState {
  if (hasEnded(state) || state.ending !== undefined) return state;
  if (node === undefined) return { ...state, cancel: state.cancel ?? { by, reason } };
  return changeNode(state, node, (branch) => (isSettled(branch) ? branch : { ...branch, isCancelled: true }));
}

/** What failed, what ended the run, what was undone, what did not run, and all that follows from these, starts over. */
function retried(state: RunState, { grant = {} }: FactOf<'retry.requested'>): RunState {
  const lost = state.workflow.nodes.map(({ id }) => id).filter((id) => !isKept(state, id));
  const again = downstreamOf(state.workflow, lost);
  const cleared = [...again, ...state.plan.cleanup].reduce(
    (next, id) => changeNode(withoutChildren(next, id), id, fresh),
    withoutUndoing(state),
  );
  return { ...reopened(cleared), budget: extend(cleared.budget, grant), retries: state.retries + 1 };
}

function isKept(state: RunState, id: string): boolean {
  const { status, route, isClosed } = nodeOf(state, id);
  const isUndone = Object.values(state.nodes).some(({ origin }) => origin?.kind === 'undo' && baseOf(origin.of) === id);
  const isDone = status === 'succeeded' || (status === 'skipped' && !isClosed);
  return isDone && route === undefined && !isUndone;
}

function withoutUndoing(state: RunState): RunState {
  const undoing = Object.keys(state.nodes).filter((path) => state.nodes[path]?.origin?.kind === 'undo');
  const nodes = Object.fromEntries(Object.entries(state.nodes).filter(([path]) => !undoing.includes(path)));
  return { ...state, nodes, paths: state.paths.filter((path) => !undoing.includes(path)) };
}

/** The run goes on: nothing of its former end counts, and its deadline begins anew. */
function reopened(state: RunState): RunState {
  const { timeout } = state.workflow;
  return {
    ...state,
    status: 'running',
    deadlineTs: timeout === undefined ? undefined : state.ts + timeout,
    undo: state.undo.filter(({ node, visit }) => isStillDone(state, node, visit)),
    pause: undefined,
    cancel: undefined,
    ending: undefined,
    failure: undefined,
    output: undefined,
    waitingFor: [],
  };
}

function isStillDone(state: RunState, path: string, visit: number): boolean {
  const node = findNode(state, path);
  return node?.status === 'succeeded' && node.visit === visit;
}

/** The first node in order that waits for it takes a message; else it is kept for the one that will. */
function received(state: RunState, { name, data, by }: FactOf<'signal.received'>): RunState {
  if (hasEnded(state)) return state;
  const taker = state.paths.find((path) => {
    const node = nodeOf(state, path);
    return (
      node.status === 'suspended' && node.wait?.kind === 'signal' && node.wait.name === name && !isTooLate(state, path)
    );
  });
  if (taker === undefined) return { ...state, mailbox: [...state.mailbox, { name, data, by }] };
  return changeNode(state, taker, (node) => ({ ...node, status: 'woken', answer: { kind: 'message', data, by } }));
}

function isTooLate(state: RunState, path: string): boolean {
  const { wait } = nodeOf(state, path);
  return wait?.kind === 'signal' && wait.expiresTs !== undefined && state.ts >= wait.expiresTs;
}
