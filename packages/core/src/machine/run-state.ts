import type {
  AgentResult,
  AmbiguityPolicy,
  Amounts,
  AttemptOutcome,
  EffectOutcome,
  Failure,
  JsonObject,
  Manifest,
  Route,
  WaitingFor,
  Workflow,
  WorkflowNode,
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
  /** Absolute; absent: none. */
  readonly deadlineTs: number | undefined;
  /** The current tree of the run's workspace. */
  readonly tree: string | undefined;
  readonly nodes: Readonly<Record<string, NodeState>>;
  readonly budget: BudgetState;
  readonly cancel: { readonly by: string; readonly reason: string } | undefined;
  readonly failure: Failure | undefined;
  readonly waitingFor: readonly WaitingFor[];
}

/**
 * Of a node: `waiting` for what leads to it; `scheduled`: an attempt should be in flight; `completed`: it ended by
 * itself and the machine has yet to conclude from it; `stopping`: it should come to a stop; `stopped`: nothing of it
 * runs any more; `parked`: a person must say whether an effect happened. The rest are ends of the visit.
 */
export type NodeStatus =
  | 'waiting'
  | 'scheduled'
  | 'completed'
  | 'stopping'
  | 'stopped'
  | 'parked'
  | 'succeeded'
  | 'failed'
  | 'skipped'
  | 'cancelled';

export type StopCause = 'cancelled' | 'node_deadline' | 'run_deadline' | 'run_ending';

export interface NodeState {
  readonly status: NodeStatus;
  /** 0 before the first visit. */
  readonly visit: number;
  readonly attempt: number;
  readonly incarnation: number;
  readonly dueTs: number;
  readonly deadlineTs: number | undefined;
  readonly tree: string | undefined;
  readonly outcome: AttemptOutcome | undefined;
  readonly stopCause: StopCause | undefined;
  /** What the last visit gave. */
  readonly result: AgentResult['payload'] | undefined;
  readonly failure: Failure | undefined;
  /** The route that the signal chose and that has not been followed yet. */
  readonly route: Route | undefined;
  /** The node that the followed route leads to. */
  readonly routedTo: string | undefined;
  readonly parkedKey: string | undefined;
  /** The ledger of the current visit; emptied when the visit ends, since nothing can ask for it any more. */
  readonly effects: Readonly<Record<string, EffectState>>;
  readonly attempts: readonly AttemptRecord[];
}

export interface AttemptRecord {
  readonly visit: number;
  readonly attempt: number;
  readonly scheduledTs: number;
  readonly endedTs: number | undefined;
  readonly ended: 'result' | 'error' | 'stopped' | undefined;
}

export interface EffectState {
  /** Of a parked call a person said: it may run again (`cleared`), or it counts as failed in every attempt (`failed`). */
  readonly status: 'intended' | 'recorded' | 'parked' | 'cleared' | 'failed';
  readonly argumentsDigest: string;
  readonly policy: AmbiguityPolicy;
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
export const STATE_SCHEMA = 1;

export const unvisited: NodeState = {
  status: 'waiting',
  visit: 0,
  attempt: 0,
  incarnation: 0,
  dueTs: 0,
  deadlineTs: undefined,
  tree: undefined,
  outcome: undefined,
  stopCause: undefined,
  result: undefined,
  failure: undefined,
  route: undefined,
  routedTo: undefined,
  parkedKey: undefined,
  effects: {},
  attempts: [],
};

/** The node of that id. @throws RangeError for an id that the workflow does not have: a corrupted log. */
export function nodeOf(state: RunState, id: string): NodeState {
  const node = state.nodes[id];
  if (node === undefined) throw new RangeError(`run ${state.run} has no node ${id}`);
  return node;
}

const definitions = new WeakMap<Workflow, ReadonlyMap<string, WorkflowNode>>();

/** The definition of a node. @throws RangeError for an id that the workflow does not have. */
export function definitionOf({ workflow }: RunState, id: string): WorkflowNode {
  const known = definitions.get(workflow) ?? new Map(workflow.nodes.map((node) => [node.id, node]));
  definitions.set(workflow, known);
  const definition = known.get(id);
  if (definition === undefined) throw new RangeError(`workflow ${workflow.name} has no node ${id}`);
  return definition;
}

export function hasEnded(state: RunState): boolean {
  return state.status === 'succeeded' || state.status === 'failed' || state.status === 'cancelled';
}

/** An attempt of the node is, or may be, in flight. */
export function isActive(node: NodeState): boolean {
  return (
    node.status === 'scheduled' ||
    node.status === 'stopping' ||
    node.status === 'completed' ||
    node.status === 'stopped'
  );
}

export function isSettled(node: NodeState): boolean {
  return (
    node.status === 'succeeded' || node.status === 'failed' || node.status === 'skipped' || node.status === 'cancelled'
  );
}
