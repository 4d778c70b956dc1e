import {
  failure,
  failureOf,
  VltairError,
  type Amounts,
  type Decision,
  type DecisionOf,
  type Failure,
  type JsonObject,
  type Wait,
  type WorkflowNode,
} from '@vltair/protocol';
import { isOn } from './behaviour-flags.ts';
import { narrower, remaining } from './budget.ts';
import { itemsOf } from './children.ts';
import { definitionOf, maxNodesOf } from './definition.ts';
import { exhausted, regionOfRoute, visitsLeft } from './loop-visits.ts';
import { openNodes } from './open-nodes.ts';
import {
  isActive,
  isResting,
  isSettled,
  nodeOf,
  type ChildOrigin,
  type NodeState,
  type RunState,
} from './run-state.ts';
import { taskInput } from './task.ts';
import { fillTemplates, fillWords, holds } from './template.ts';

/** Runs below runs, at most. */
const MAX_DEPTH = 8;

// --- routes

export function followRoutes(state: RunState): Decision | undefined {
  for (const id of state.plan.order) {
    const { route } = nodeOf(state, id);
    if (route === undefined || !('to' in route)) continue;
    const region = regionOfRoute(state, id, route.to);
    if (region?.nodes.some((member) => isBusy(nodeOf(state, member))) === true) continue;
    return { type: 'route.taken', from: id, signal: route.on, to: route.to, region: [...(region?.nodes ?? [])] };
  }
  return undefined;
}

function isBusy(node: NodeState): boolean {
  return isActive(node) || isResting(node);
}

/** A route back waits for the node's region to come to rest. */
function isAboutToRestart(state: RunState, id: string): boolean {
  return state.plan.regions.some(
    (region) => region.nodes.includes(id) && region.latches.some((latch) => isGoingBack(state, latch, region.head)),
  );
}

function isGoingBack(state: RunState, latch: string, head: string): boolean {
  const { route } = nodeOf(state, latch);
  return route !== undefined && 'to' in route && route.to === head;
}

// --- starting and skipping

export function startOrSkip(state: RunState): Decision | undefined {
  const full = new Set<string>();
  for (const { path, node, isFinally } of openNodes(state)) {
    if (node.status !== 'waiting' || isFinally) continue;
    const decision =
      node.origin === undefined ? startWhenReady(state, path) : startChild(state, path, node.origin, full);
    if (decision !== undefined) return decision;
  }
  return undefined;
}

/** M3. */
function startWhenReady(state: RunState, id: string): Decision | undefined {
  const latches = state.plan.waitsFor[id] ?? [];
  if (!latches.every((latch) => isSettled(nodeOf(state, latch)) && nodeOf(state, latch).route === undefined)) {
    return undefined;
  }
  if (isAboutToRestart(state, id)) return undefined;
  const definition = definitionOf(state, id);
  const missing = missingNeed(state, definition);
  if (missing !== undefined) return passOver(state, id, missing);
  if (!definition.needs.every((need) => isSettled(nodeOf(state, need)))) return undefined;
  const sources = state.plan.routedFrom[id] ?? [];
  if (sources.length === 0 || isRoutedTo(state, id)) return startVisit(state, id, definition);
  return sources.every((source) => isSettled(nodeOf(state, source)))
    ? skip(state, id, 'no route led to it')
    : undefined;
}

/** A need that has settled without success, where that is not tolerated. */
function missingNeed(state: RunState, { needs, tolerates = [] }: WorkflowNode): string | undefined {
  return needs.find((need) => {
    const node = nodeOf(state, need);
    return isSettled(node) && node.status !== 'succeeded' && !tolerates.includes(need);
  });
}

/** What follows from a cancelled branch is cancelled with it. */
function passOver(state: RunState, id: string, missing: string): Decision {
  if (nodeOf(state, missing).status !== 'cancelled') return skip(state, id, `${missing} did not succeed`);
  return { type: 'node.cancelled', node: id, visit: nodeOf(state, id).visit + 1 };
}

/** A route forward was followed to the node. It still leads there after a route back to it, since its source lies before the loop. */
function isRoutedTo(state: RunState, id: string): boolean {
  return nodeOf(state, id).isRoutedBackTo || state.plan.order.some((source) => nodeOf(state, source).routedTo === id);
}

/** Children start in order, as many at a time as their node allows; nodes that allow no more are `full`. */
function startChild(state: RunState, path: string, origin: ChildOrigin, full: Set<string>): Decision | undefined {
  const { of } = origin;
  if (origin.kind === 'undo' || full.has(of)) return undefined;
  const parent = nodeOf(state, of);
  if (parent.status !== 'joining' || parent.isCancelled || isFull(state, of)) {
    full.add(of);
    return undefined;
  }
  return startVisit(state, path, definitionOf(state, path));
}

function isFull(state: RunState, parent: string): boolean {
  const { map } = definitionOf(state, parent);
  if (map?.concurrency === undefined) return false;
  const atWork = openNodes(state).filter(({ node }) => node.origin?.of === parent && isBusy(node));
  return atWork.length >= map.concurrency;
}

/** What a visit begins with: its condition, its children, its approval, its wait, or its first attempt. */
export function startVisit(state: RunState, path: string, definition: WorkflowNode): Decision {
  const node = nodeOf(state, path);
  const visit = node.status === 'woken' ? node.visit : node.visit + 1;
  try {
    const decision = node.status === 'woken' ? undefined : beforeAttempt(state, path, definition, visit);
    return decision ?? firstAttempt(state, path, definition, visit);
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    const problem = failureOf(error);
    return failed(path, visit, {
      ...problem,
      where: problem.where ?? `nodes.${path}.${memberOf(problem, definition)}`,
    });
  }
}

/** The member of the definition that an expression or a template stands in. */
function memberOf({ reason }: Failure, { map }: WorkflowNode): string {
  if (reason === 'invalid_argument/expression') return 'when';
  return map === undefined ? 'input' : 'map';
}

function beforeAttempt(state: RunState, path: string, definition: WorkflowNode, visit: number): Decision | undefined {
  if (definition.when !== undefined && !holds(definition.when, state, path))
    return { type: 'node.skipped', node: path, visit, because: 'its condition does not hold' };
  const problem = visitsProblem(state, path);
  if (problem !== undefined) return failed(path, visit, problem);
  if (definition.map !== undefined) return expand(state, path, definition.map, visit);
  const wait = waitOf(state, path, definition, visit);
  return wait === undefined ? undefined : { type: 'node.suspended', node: path, visit, wait };
}

/** The head of an inner loop also spends a visit whenever the outer loop comes by. */
function visitsProblem(state: RunState, id: string): Failure | undefined {
  if (!state.plan.regions.some(({ head }) => head === id) || visitsLeft(state, id)) return undefined;
  return exhausted(state, id, 'an outer loop leads to it again', id);
}

function expand(state: RunState, path: string, map: NonNullable<WorkflowNode['map']>, visit: number): Decision {
  const items = itemsOf(state, path);
  const where = `nodes.${path}.map`;
  if (items === undefined)
    throw new VltairError('invalid_argument/map_items', { detail: `${JSON.stringify(map.over)} is no list`, where });
  if (items.length > map.maxItems)
    throw new VltairError('invalid_argument/map_items', {
      detail: `${items.length} of at most ${map.maxItems}`,
      where,
    });
  const total = Object.keys(state.nodes).length + items.length;
  if (total > maxNodesOf(state.workflow))
    throw new VltairError('resource_exhausted/nodes', { detail: `${total} of ${maxNodesOf(state.workflow)}`, where });
  return { type: 'map.expanded', node: path, visit, count: items.length };
}

/** What the visit waits for before, or instead of, an attempt. */
function waitOf(state: RunState, path: string, definition: WorkflowNode, visit: number): Wait | undefined {
  const { sleep, signal, approval, subrun } = definition;
  if (sleep !== undefined) return { kind: 'sleep', untilTs: state.ts + sleep };
  if (signal !== undefined) {
    const { name = definition.id, message, expires } = signal;
    return {
      kind: 'signal',
      name,
      ...(message === undefined ? {} : { message: fillWords(message, state, path) }),
      ...(expires === undefined ? {} : { expiresTs: state.ts + expires }),
    };
  }
  if (approval !== undefined) {
    // What is asked is filled in once the visit waits; what cannot be fails the node here.
    fillWords(approval.message, state, path);
    if (definition.agent !== undefined) taskInput(state, path);
    return { kind: 'approval', approval: `${path}#${visit}` };
  }
  return subrun === undefined ? undefined : childOf(state, path, definition, subrun);
}

/** The child's id counts on within its parent's; its budget is the smaller of what is given and what is left. */
function childOf(
  state: RunState,
  path: string,
  definition: WorkflowNode,
  subrun: NonNullable<WorkflowNode['subrun']>,
): Wait {
  if ((state.parent?.depth ?? 0) >= MAX_DEPTH)
    throw new VltairError('resource_exhausted/depth', { detail: `${MAX_DEPTH} runs`, where: `nodes.${path}` });
  const { timeoutMs } = definition;
  return {
    kind: 'subrun',
    run: `${state.run}.${state.subruns + 1}`,
    workflow: subrun.workflow,
    input: fillTemplates(definition.input, state, path) as JsonObject,
    granted: grantFor(state, definition, subrun),
    ...(timeoutMs === undefined ? {} : { deadlineTs: state.ts + timeoutMs }),
    ...(state.tree === undefined ? {} : { tree: state.tree }),
  };
}

function grantFor(
  state: RunState,
  definition: WorkflowNode,
  { workflow, budget = {} }: NonNullable<WorkflowNode['subrun']>,
): Amounts {
  const own = state.workflow.workflows?.[workflow]?.budget ?? {};
  const ofNode = isOn(state, 'nodeBudgetBoundsTheChild') ? (definition.budget ?? {}) : {};
  return narrower(narrower(narrower(budget, ofNode), own), remaining(state.budget));
}

function firstAttempt(state: RunState, path: string, definition: WorkflowNode, visit: number): Decision {
  const isTask = nodeOf(state, path).origin?.kind === 'task';
  if (!isTask) fillTemplates(definition.input, state, path);
  if (definition.concurrencyKey !== undefined) fillTemplates(definition.concurrencyKey, state, path);
  const deadlineTs = definition.timeoutMs === undefined ? undefined : state.ts + definition.timeoutMs;
  return scheduleAttempt(path, { visit, attempt: 1, dueTs: state.ts, deadlineTs, tree: state.tree });
}

function skip(state: RunState, id: string, because: string): Decision {
  return { type: 'node.skipped', node: id, visit: nodeOf(state, id).visit + 1, because };
}

function failed(path: string, visit: number, cause: Failure): Decision {
  return { type: 'node.failed', node: path, visit, failure: cause };
}

export function scheduleAttempt(
  path: string,
  place: Pick<NodeState, 'visit' | 'attempt' | 'dueTs' | 'deadlineTs' | 'tree'>,
): DecisionOf<'attempt.scheduled'> {
  return {
    type: 'attempt.scheduled',
    node: path,
    visit: place.visit,
    attempt: place.attempt,
    dueTs: place.dueTs,
    ...(place.deadlineTs === undefined ? {} : { deadlineTs: place.deadlineTs }),
    ...(place.tree === undefined ? {} : { tree: place.tree }),
  };
}

/** What the run gives when it succeeds. */
export function fillOutput(state: RunState): { readonly output?: JsonObject; readonly failure?: Failure } {
  const { output } = state.workflow;
  if (output === undefined) return {};
  try {
    return { output: fillTemplates(output, state) as JsonObject };
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    if (isOn(state, 'outputFailsInItsOwnWords')) return { failure: { ...failureOf(error), where: 'output' } };
    return { failure: failure(error.reason, { detail: error.message, where: 'output' }) };
  }
}
