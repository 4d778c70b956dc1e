import type { EventPayload, FactOf, RunEvent } from '@vltair/protocol';
import { openBudget } from './budget.ts';
import { applyCarry } from './carry.ts';
import { evolveApproval } from './evolve-approval.ts';
import { evolveCommand } from './evolve-command.ts';
import { evolveEffect } from './evolve-effect.ts';
import { evolveNode } from './evolve-node.ts';
import { planGraph } from './plan-graph.ts';
import { hasEnded, unvisited, type EffectState, type NodeState, type RunState } from './run-state.ts';

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
  const { workflow, forkedFrom } = fact;
  const plan = planGraph(workflow);
  const ids = [...workflow.nodes, ...(workflow.finally ?? [])].map(({ id }) => id);
  const state: RunState = {
    run: event.run,
    seq: event.seq,
    ts: event.ts,
    epoch: event.epoch,
    status: 'running',
    workflow,
    plan,
    manifest: fact.manifest,
    input: fact.input,
    traceId: fact.traceId,
    joinKey: fact.joinKey,
    tenant: fact.tenant,
    title: fact.title,
    createdTs: event.ts,
    parent: fact.parent,
    deadlineTs: workflow.timeout === undefined ? undefined : event.ts + workflow.timeout,
    tree: fact.tree,
    nodes: Object.fromEntries(ids.map((id) => [id, unvisited])),
    paths: plan.order,
    budget: openBudget(workflow.budget),
    approvals: {},
    mailbox: [],
    undo: [],
    subruns: 0,
    retries: 0,
    pause: undefined,
    cancel: undefined,
    ending: undefined,
    failure: undefined,
    output: undefined,
    waitingFor: [],
    restored: fact.restored,
  };
  return forkedFrom === undefined ? state : applyCarry(state, forkedFrom.carry);
}

function evolveKnown(state: RunState, payload: EventPayload): RunState {
  switch (payload.type) {
    case 'run.created':
      throw new RangeError(`run ${state.run} is created twice`);
    case 'run.claimed':
      return claimed(state);
    case 'run.restored':
      return payload.isOriginalStopped ? state : restored(state, payload);
    case 'payload.purged':
    case 'timer.fired':
    case 'tree.applied':
      return state;
    case 'run.paused':
      return { ...state, status: 'paused', waitingFor: payload.waitingFor };
    case 'run.resumed':
      return { ...state, status: 'running', waitingFor: [] };
    case 'run.ending':
      return { ...state, ending: payload.ending };
    case 'run.succeeded':
      return { ...state, status: 'succeeded', output: payload.output, waitingFor: [], mailbox: [] };
    case 'run.failed':
      return { ...state, status: 'failed', failure: payload.failure, waitingFor: [], mailbox: [] };
    case 'run.cancelled':
      return { ...state, status: 'cancelled', waitingFor: [], mailbox: [] };
    case 'cancel.requested':
    case 'pause.requested':
    case 'resume.requested':
    case 'retry.requested':
    case 'rollback.requested':
    case 'run.migrated':
    case 'signal.received':
      return evolveCommand(state, payload);
    case 'approval.granted':
    case 'approval.rejected':
    case 'approval.requested':
    case 'approval.warned':
    case 'approval.expired':
    case 'approval.cancelled':
      return evolveApproval(state, payload);
    case 'effect.intended':
    case 'effect.recorded':
    case 'effect.reused':
    case 'effect.refused':
    case 'effect.held':
    case 'effect.denied':
    case 'effect.parked':
    case 'effect.resolved':
    case 'attempt.diverged':
      return evolveEffect(state, payload);
    default:
      return evolveNode(state, payload);
  }
}

/** Every attempt in flight starts its next incarnation. */
function claimed(state: RunState): RunState {
  if (hasEnded(state)) return state;
  const next = (node: NodeState): NodeState =>
    node.status === 'scheduled' ? { ...node, incarnation: node.incarnation + 1 } : node;
  return changeNodes(state, next);
}

/** What a person said of parked calls before the backup is in doubt again: the original may have sent them since. */
function restored(state: RunState, { backup, backupTs }: FactOf<'run.restored'>): RunState {
  if (hasEnded(state)) return state;
  const doubted = (effect: EffectState): EffectState =>
    effect.status === 'cleared' ? { ...effect, status: 'parked' } : effect;
  const next = (node: NodeState): NodeState => ({
    ...node,
    effects: Object.fromEntries(Object.entries(node.effects).map(([key, effect]) => [key, doubted(effect)])),
  });
  return { ...changeNodes(state, next), restored: { backup, backupTs } };
}

function changeNodes(state: RunState, change: (node: NodeState) => NodeState): RunState {
  const nodes = Object.entries(state.nodes).map(([path, node]) => [path, change(node)] as const);
  return { ...state, nodes: Object.fromEntries(nodes) };
}
