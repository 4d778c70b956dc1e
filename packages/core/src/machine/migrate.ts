import {
  canonicalJson,
  dimensions,
  VltairError,
  type Amounts,
  type FactOf,
  type Manifest,
  type Workflow,
  type WorkflowNode,
} from '@vltair/protocol';
import { definitionOf, baseOf, everyPath, maxNodesOf } from './definition.ts';
import { changeText } from './pinned.ts';
import { planGraph, type GraphPlan } from './plan-graph.ts';
import { findNode, isActive, isSettled, nodeOf, unvisited, type NodeState, type RunState } from './run-state.ts';

/** What a run is to go on with. */
export interface Migration {
  readonly workflow: Workflow;
  readonly manifest: Manifest;
}

/** What a migration does to a workflow, by ids of nodes in their order. */
export interface MigrationChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

const flows = ['nodes', 'finally'] as const;

/**
 * Why the run cannot go on with another workflow as it stands: a sentence for each obstacle, none when it can.
 *
 * G1 What has begun is never rewritten: its definition stands in the new workflow as it did, so that every result, wait
 *    and route of the log means what it meant; and nothing new leads to it that should have come before it.
 * G2 Nothing that has acted is cut in two: no attempt that has asked the ledger for anything, no child run, no call of
 *    which nobody knows whether it happened.
 * G3 Nothing that was spent or granted is taken back: the new limits hold what is used of them.
 */
export function migrationObstacles(state: RunState, migration: Migration): readonly string[] {
  const { workflow } = migration;
  const plan = planOrProblem(workflow);
  if (typeof plan === 'string') return [plan];
  const { parent } = state;
  return [
    ...(parent === undefined ? [] : [`it is a part of ${parent.run}, whose workflow says what it does`]),
    ...everyPath(state).flatMap((path) => workObstacles(state, path, migration.manifest)),
    ...flows.flatMap((flow) =>
      (state.workflow[flow] ?? []).flatMap((node) => nodeObstacles(state, node, workflow, flow)),
    ),
    ...plan.order.flatMap((id) => pathObstacles(state, plan, id)),
    ...limitObstacles(state, workflow),
    ...(isSame(state, migration) ? ['it stands on this workflow and these agents already'] : []),
  ];
}

export function migrationChanges({ workflow: before }: RunState, { workflow: after }: Migration): MigrationChanges {
  const [old, next] = [tableOf(before), tableOf(after)];
  return {
    added: [...next.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !next.has(id)),
    changed: [...next].flatMap(([id, node]) => {
      const known = old.get(id);
      return known === undefined || changedMembers(known, node).length === 0 ? [] : [id];
    }),
  };
}

/** The fold of a migration: what has begun stays as it is, and goes on among the nodes of the new workflow. */
export function migrated(state: RunState, { workflow, manifest }: FactOf<'run.migrated'>): RunState {
  const plan = planGraph(workflow);
  const below = Object.entries(state.nodes).filter(([, { origin }]) => origin !== undefined);
  const own = [...tableOf(workflow).keys()].map((id) => [id, findNode(state, id) ?? unvisited] as const);
  const children = state.paths.filter((path) => nodeOf(state, path).origin !== undefined);
  return {
    ...state,
    workflow,
    manifest,
    plan,
    nodes: Object.fromEntries([...own, ...below]),
    paths: plan.order.flatMap((id) => [id, ...children.filter((path) => baseOf(path) === id)]),
    budget: { ...state.budget, limit: limitAfter(state, workflow) },
    deadlineTs: deadlineAfter(state, workflow),
  };
}

function planOrProblem(workflow: Workflow): GraphPlan | string {
  try {
    return planGraph(workflow);
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    return error.message;
  }
}

function isSame(state: RunState, { workflow, manifest }: Migration): boolean {
  const before = canonicalJson([state.workflow, state.manifest]);
  return before === canonicalJson([workflow, manifest]);
}

// --- what is at work

/** G2. An attempt that has asked for nothing yet begins as well under another workflow, or with another agent. */
function workObstacles(state: RunState, path: string, manifest: Manifest): readonly string[] {
  const node = nodeOf(state, path);
  const { status, wait, parkedKey = '' } = node;
  if (status === 'parked') return [`${path} is parked: nobody knows whether the call ${parkedKey} happened`];
  if (status === 'suspended' && wait?.kind === 'subrun') return [`${path} waits for its child run ${wait.run}`];
  const hasActed = Object.keys(node.effects).length > 0;
  if (isActive(node) && (status !== 'scheduled' || hasActed))
    return [`${path} is at work; pause the run and let it end first`];
  const { agent } = definitionOf(state, path);
  if (agent === undefined || isSettled(node)) return [];
  const next = manifest.agents[agent];
  if (node.origin?.kind === 'task' && next === undefined) return [`${path} is a task of ${agent}, which is gone`];
  const pinned = state.manifest.agents[agent] ?? '';
  const isCutInTwo = hasActed && status !== 'joining' && next !== pinned;
  return isCutInTwo ? [`${path} has made calls, and ${changeText({ agent, pinned, installed: next })}`] : [];
}

// --- what has begun

/** G1. A node that starts over after a retry may be another one, but stays: its visits count on. */
function nodeObstacles(
  state: RunState,
  before: WorkflowNode,
  workflow: Workflow,
  flow: (typeof flows)[number],
): readonly string[] {
  const { id } = before;
  const node = nodeOf(state, id);
  const after = (workflow[flow] ?? []).find((candidate) => candidate.id === id);
  if (after === undefined) return node.visit > 0 || hasBegun(node) ? [`${id} ${standing(node)}, and is gone`] : [];
  if (!hasBegun(node)) return [];
  const members = changedMembers(before, after);
  return members.length === 0 ? [] : [`${id} ${standing(node)}, and its ${members.join(', ')} changed`];
}

/** G1. A node that has begun was led to, and has waited for every loop that could take another turn (M3). */
function pathObstacles(state: RunState, plan: GraphPlan, id: string): readonly string[] {
  const node = findNode(state, id);
  if (node === undefined || !hasBegun(node)) return [];
  const { routedFrom, waitsFor } = state.plan;
  const sources = addedTo(routedFrom[id], plan.routedFrom[id]);
  const latches = addedTo(waitsFor[id], plan.waitsFor[id]).filter((latch) => !isDone(findNode(state, latch)));
  const visits = node.visit - node.floor;
  const { maxVisits } = definitionOf(state, id);
  const isOverspent = visits > maxVisits && plan.regions.some(({ head }) => head === id);
  return [
    ...(isOverspent ? [`${id} has had ${visits} visits, and may have ${maxVisits} where a loop begins with it`] : []),
    ...sources.map((source) => `${id} ${standing(node)}, and a new route leads to it from ${source}`),
    ...latches.map((latch) => `${id} ${standing(node)}, and a new loop of ${latch} comes before it`),
  ];
}

function addedTo(before: readonly string[] = [], after: readonly string[] = []): readonly string[] {
  return after.filter((id) => !before.includes(id));
}

function isDone(node: NodeState | undefined): boolean {
  return node !== undefined && isSettled(node) && node.route === undefined;
}

function hasBegun(node: NodeState): boolean {
  return node.status !== 'waiting' || node.visit > node.floor || node.isRoutedBackTo;
}

function standing({ status, wait }: NodeState): string {
  if (status === 'suspended') return `waits for its ${wait?.kind ?? 'answer'}`;
  if (status === 'held') return 'waits for the approval of a call';
  return status === 'succeeded' || status === 'failed' || status === 'skipped' || status === 'cancelled'
    ? `has ended (${status})`
    : 'has begun';
}

/** As they are written in a workflow. */
function changedMembers(before: WorkflowNode, after: WorkflowNode): readonly string[] {
  const [old, next] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  const names = new Set([...old.keys(), ...next.keys()]);
  const changed = [...names].filter(
    (name) => canonicalJson([old.get(name) ?? null]) !== canonicalJson([next.get(name) ?? null]),
  );
  return [...new Set(changed.map((name) => written[name] ?? name))].toSorted();
}

const written: Readonly<Record<string, string>> = { tolerates: 'needs', timeoutMs: 'timeout' };

function tableOf(workflow: Workflow): ReadonlyMap<string, WorkflowNode> {
  return new Map(flows.flatMap((flow) => workflow[flow] ?? []).map((node) => [node.id, node]));
}

// --- limits

/** G3. */
function limitObstacles(state: RunState, workflow: Workflow): readonly string[] {
  const { spent, reserved } = state.budget;
  const limit = limitAfter(state, workflow);
  const short = dimensions.flatMap((dimension) => {
    const [bound, used] = [limit[dimension], spent[dimension] + reserved[dimension]];
    return bound === undefined || bound >= used
      ? []
      : [`its budget of ${bound} ${dimension} is below the ${used} in use`];
  });
  const deadlineTs = deadlineAfter(state, workflow);
  const isLate = deadlineTs !== undefined && deadlineTs <= state.ts;
  const children = Object.values(state.nodes).filter(({ origin }) => origin !== undefined).length;
  const [nodes, most] = [tableOf(workflow).size + children, maxNodesOf(workflow)];
  return [
    ...short,
    ...(isLate ? ['its timeout is over already'] : []),
    ...(nodes > most ? [`it has ${nodes} nodes, and maxNodes is ${most}`] : []),
  ];
}

/** What was granted beyond the old workflow's budget is granted beyond the new one's. */
function limitAfter({ workflow: before, budget }: RunState, { budget: after }: Workflow): Amounts {
  const bounds = dimensions.flatMap((dimension) => {
    const bound = after[dimension];
    const granted = (budget.limit[dimension] ?? 0) - (before.budget[dimension] ?? 0);
    return bound === undefined ? [] : [[dimension, bound + granted] as const];
  });
  return Object.fromEntries(bounds);
}

/** Counted from the same moment as before: the start of the run, or when it was taken up again last. */
function deadlineAfter(
  { workflow: before, deadlineTs, createdTs }: RunState,
  { timeout }: Workflow,
): number | undefined {
  if (timeout === undefined) return undefined;
  const sinceTs = before.timeout === undefined || deadlineTs === undefined ? createdTs : deadlineTs - before.timeout;
  return sinceTs + timeout;
}
