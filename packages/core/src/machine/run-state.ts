import type {
  AgentResult,
  AmbiguityPolicy,
  Amounts,
  AttemptOutcome,
  EffectOutcome,
  Ending,
  Failure,
  FactOf,
  GateVerdict,
  Json,
  JsonObject,
  Manifest,
  Restored,
  Route,
  stopCauses,
  Wait,
  WaitingFor,
  Workflow,
} from '@vltair/protocol';
import type { RunStatus } from '../ports/event-store.ts';
import type { GraphPlan } from './plan-graph.ts';

/** The state of a run: a fold of its events, plain data. The order of its members means nothing; a snapshot may change it. */
export interface RunState {
  readonly run: string;
  /** Of the last event folded. */
  readonly seq: number;
  readonly ts: number;
  readonly epoch: number;
  readonly status: RunStatus;
  readonly workflow: Workflow;
  readonly plan: GraphPlan;
  readonly manifest: Manifest;
  readonly input: JsonObject;
  readonly traceId: string;
  readonly joinKey: string | undefined;
  readonly title: string;
  readonly createdTs: number;
  /** The `subrun` node that this run is the child of. */
  readonly parent: FactOf<'run.created'>['parent'];
  /** Absolute; absent: none. */
  readonly deadlineTs: number | undefined;
  /** The current tree of the run's workspace. */
  readonly tree: string | undefined;
  /** Nodes by path. */
  readonly nodes: Readonly<Record<string, NodeState>>;
  /** Paths in the order in which the rules look at them: the plan's, each with its children behind it. */
  readonly paths: readonly string[];
  readonly budget: BudgetState;
  readonly approvals: Readonly<Record<string, ApprovalState>>;
  /** Messages that no node has taken yet, oldest first. */
  readonly mailbox: readonly Message[];
  /** Visits that would have to be undone, in the order in which they succeeded. */
  readonly undo: readonly UndoableVisit[];
  /** Children that this run has had: their ids count on. */
  readonly subruns: number;
  /** How often the failed run was taken up again. */
  readonly retries: number;
  readonly pause: { readonly by: string; readonly reason: string } | undefined;
  readonly cancel: { readonly by: string; readonly reason: string } | undefined;
  /** How the run will end once it has cleaned up. */
  readonly ending: Ending | undefined;
  readonly failure: Failure | undefined;
  /** What the run gave. */
  readonly output: JsonObject | undefined;
  readonly waitingFor: readonly WaitingFor[];
  /** Absent: `default`. */
  readonly tenant: string | undefined;
  /** The backup that the run was restored from, where its original may have gone on. */
  readonly restored: Restored | undefined;
}

/**
 * Of a node: `waiting` for what leads to it; `scheduled`: an attempt should be in flight; `completed`: it ended by
 * itself and the machine has yet to conclude from it; `stopping`: it should come to a stop; `stopped`: nothing of it
 * runs any more; `suspended`: the visit waits for what {@link NodeState.wait} names; `woken`: that has come, and the
 * machine has yet to conclude from it; `held`: a call of it waits for an approval; `parked`: a person must say whether
 * an effect happened; `joining`: its children work. The rest are ends of the visit.
 */
export const nodeStatuses = [
  ...(['waiting', 'scheduled', 'completed', 'stopping', 'stopped', 'suspended', 'woken', 'held', 'parked'] as const),
  ...(['joining', 'succeeded', 'failed', 'skipped', 'cancelled'] as const),
] as const;
export type NodeStatus = (typeof nodeStatuses)[number];

export type StopCause = (typeof stopCauses)[number];

export interface NodeState {
  readonly status: NodeStatus;
  /** 0 before the first visit. */
  readonly visit: number;
  /** Visits that do not count against `maxVisits`: those before a retry or a rollback. */
  readonly floor: number;
  readonly attempt: number;
  readonly incarnation: number;
  readonly dueTs: number;
  readonly deadlineTs: number | undefined;
  readonly tree: string | undefined;
  readonly outcome: AttemptOutcome | undefined;
  readonly stopCause: StopCause | undefined;
  readonly wait: Wait | undefined;
  /** What ended the wait. */
  readonly answer: WaitAnswer | undefined;
  /** What the last visit gave. */
  readonly result: AgentResult['payload'] | undefined;
  readonly failure: Failure | undefined;
  /** The route that the signal chose and that has not been followed yet. */
  readonly route: Route | undefined;
  /** The node that the followed route leads to. */
  readonly routedTo: string | undefined;
  /** The effect that is parked, or held for an approval. */
  readonly parkedKey: string | undefined;
  /** Since when it is parked or held: the deadline moves on by that time. */
  readonly heldTs: number | undefined;
  /** The call that an approval is asked for. */
  readonly heldCall: FactOf<'effect.held'> | undefined;
  /** It had not ended when the run did. */
  readonly isClosed: boolean;
  /** Somebody cancelled the branch that begins here. */
  readonly isCancelled: boolean;
  /** A route back led to the node, so that it starts whatever routes lead to it. */
  readonly isRoutedBackTo: boolean;
  /** Paths of the children of the visit, in order. */
  readonly children: readonly string[];
  /** Of a child: where it comes from. */
  readonly origin: ChildOrigin | undefined;
  /** The node's own limits and what the visit has spent of them. */
  readonly budget: BudgetState | undefined;
  /** The ledger of the current visit; emptied when the visit ends, since nothing can ask for it any more. */
  readonly effects: Readonly<Record<string, EffectState>>;
}

export type ChildOrigin =
  | { readonly kind: 'item'; readonly of: string; readonly index: number; readonly item: Json }
  | { readonly kind: 'task'; readonly of: string; readonly index: number; readonly task: ProposedTask }
  | { readonly kind: 'undo'; readonly of: string; readonly undone: AgentResult['payload']; readonly item?: Json };

export interface ProposedTask {
  readonly agent: string;
  readonly action: string;
  readonly input: JsonObject;
}

export type WaitAnswer =
  | { readonly kind: 'message'; readonly data: Json; readonly by: string }
  | { readonly kind: 'subrun'; readonly ended: FactOf<'subrun.ended'> };

export interface Message {
  readonly name: string;
  readonly data: Json;
  readonly by: string;
}

export interface UndoableVisit {
  readonly node: string;
  readonly visit: number;
  readonly result: AgentResult['payload'];
  readonly item?: Json;
}

export interface ApprovalState {
  /** `used`: the call that it was for has been sent. */
  readonly status: 'waiting' | 'granted' | 'rejected' | 'expired' | 'cancelled' | 'used';
  readonly node: string;
  readonly visit: number;
  readonly digest: string;
  readonly message: string;
  readonly approvers: readonly string[] | undefined;
  readonly requestedTs: number;
  readonly warnTs: number | undefined;
  readonly isWarned: boolean;
  readonly expiresTs: number | undefined;
  readonly gate: GateVerdict | undefined;
  readonly by: string | undefined;
  /** The comment of a grant, the reason of a rejection. */
  readonly words: string | undefined;
}

export interface EffectState {
  /** Of a parked call a person said: it may run again (`cleared`), or it counts as failed in every attempt (`failed`). */
  readonly status: 'intended' | 'recorded' | 'parked' | 'cleared' | 'failed';
  readonly argumentsDigest: string;
  readonly policy: AmbiguityPolicy;
  /** 0: this log knows of none. */
  readonly execution: number;
  /** The attempt that it ran in: a failure answers only that one, a success answers every later one too. */
  readonly attempt: number;
  /** The incarnation that intended it: an intent of an earlier one without a record is ambiguous. */
  readonly incarnation: number;
  readonly reserved: Amounts;
  readonly notAfter: number;
  readonly outcome: EffectOutcome | undefined;
}

export interface BudgetState {
  readonly limit: Amounts;
  readonly reserved: Required<Amounts>;
  readonly spent: Required<Amounts>;
}

/** Version of this shape, for snapshots. */
export const STATE_SCHEMA = 3;

export const unvisited: NodeState = {
  status: 'waiting',
  visit: 0,
  floor: 0,
  attempt: 0,
  incarnation: 0,
  dueTs: 0,
  deadlineTs: undefined,
  tree: undefined,
  outcome: undefined,
  stopCause: undefined,
  wait: undefined,
  answer: undefined,
  result: undefined,
  failure: undefined,
  route: undefined,
  routedTo: undefined,
  parkedKey: undefined,
  heldTs: undefined,
  heldCall: undefined,
  isClosed: false,
  isCancelled: false,
  isRoutedBackTo: false,
  children: [],
  origin: undefined,
  budget: undefined,
  effects: {},
};

/** The node at that path. @throws RangeError for a path that the run does not have: a corrupted log. */
export function nodeOf(state: RunState, path: string): NodeState {
  const node = findNode(state, path);
  if (node === undefined) throw new RangeError(`run ${state.run} has no node ${path}`);
  return node;
}

/** The node at that path; `undefined` where there is none. */
export function findNode(state: RunState, path: string): NodeState | undefined {
  return Object.hasOwn(state.nodes, path) ? state.nodes[path] : undefined;
}

/** The node that an event speaks of; `undefined` for a child that is gone, because its node started over. @throws RangeError for any other that the run does not have. */
export function nodeIn(state: RunState, path: string): NodeState | undefined {
  return /[[+.]/.test(path) ? findNode(state, path) : nodeOf(state, path);
}

export function hasEnded(state: RunState): boolean {
  return state.status === 'succeeded' || state.status === 'failed' || state.status === 'cancelled';
}

/** Something of the node is, or may be, in flight, or has just come to an end from which nothing has followed yet. */
export function isActive(node: NodeState): boolean {
  return (
    node.status === 'scheduled' ||
    node.status === 'stopping' ||
    node.status === 'completed' ||
    node.status === 'stopped' ||
    node.status === 'woken'
  );
}

/** The same, or a child run of it works. */
export function isAtWork(node: NodeState): boolean {
  return isActive(node) || (node.status === 'suspended' && node.wait?.kind === 'subrun');
}

/** The visit has begun and not ended, though nothing of it is in flight. */
export function isResting(node: NodeState): boolean {
  return node.status === 'suspended' || node.status === 'held' || node.status === 'parked' || node.status === 'joining';
}

export function isSettled(node: NodeState): boolean {
  return (
    node.status === 'succeeded' || node.status === 'failed' || node.status === 'skipped' || node.status === 'cancelled'
  );
}
