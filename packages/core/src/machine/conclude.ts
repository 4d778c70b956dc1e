import {
  failure,
  VltairError,
  failureOf,
  type Decision,
  type DecisionOf,
  type Failure,
  type Route,
  type WorkflowNode,
} from '@vltair/protocol';
import type { LoopRegion } from './plan-graph.ts';
import { nextAttempt } from './retry.ts';
import {
  definitionOf,
  hasEnded,
  isActive,
  isSettled,
  nodeOf,
  type NodeState,
  type RunState,
  type StopCause,
} from './run-state.ts';
import { fillTemplates } from './template.ts';

/**
 * The next decision that a state calls for, `undefined` when it is at rest. The rules are level-triggered: each looks
 * at the state alone, so that it does not matter which fact brought it about. The first rule that has something to say
 * wins.
 *
 * M1 Nothing starts once the run is ending: while there is an ending, only the rules that settle, stop and end apply.
 * M2 A run ends only when no attempt of it is active.
 * M3 A node starts only when all it needs has succeeded and no loop that it waits for can take another turn.
 * M4 No successor of an attempt starts before the attempt completed or stopped; so a loop region starts over only when
 *    nothing of it is in flight or parked, and until then nothing else of it starts.
 */
export function conclude(state: RunState): Decision | undefined {
  if (hasEnded(state)) return undefined;
  const settled = settleAttempts(state) ?? stopAtDeadline(state);
  if (settled !== undefined) return settled;
  const ending = endingOf(state);
  if (ending !== undefined) return endRun(state, ending);
  return followRoutes(state) ?? startOrSkip(state) ?? resumeRun(state) ?? pauseRun(state) ?? finishRun(state);
}

// --- attempts that ended

function settleAttempts(state: RunState): Decision | undefined {
  for (const definition of inOrder(state)) {
    const node = nodeOf(state, definition.id);
    if (node.status === 'completed') return settleCompleted(state, definition, node);
    if (node.status === 'stopped') return settleStopped(definition.id, node);
  }
  return undefined;
}

function settleCompleted(state: RunState, definition: WorkflowNode, node: NodeState): Decision {
  const { outcome, visit } = node;
  if (outcome?.kind === 'result') {
    return { type: 'node.succeeded', node: definition.id, visit, signal: outcome.result.payload.signal };
  }
  const cause = outcome?.failure ?? failure('internal/unexpected', { detail: 'an attempt without an outcome' });
  const limits = { maxAttempts: definition.maxAttempts, deadlineTs: node.deadlineTs, ts: state.ts };
  const again = endingOf(state) === undefined ? nextAttempt(cause, node.attempt, limits) : undefined;
  if (again === undefined) return { type: 'node.failed', node: definition.id, visit, failure: cause };
  return scheduleAttempt(definition.id, { ...node, attempt: again.attempt, dueTs: again.dueTs });
}

function settleStopped(id: string, node: NodeState): Decision {
  if (node.stopCause !== 'node_deadline') return { type: 'node.cancelled', node: id, visit: node.visit };
  return {
    type: 'node.failed',
    node: id,
    visit: node.visit,
    failure: failure('deadline_exceeded/node', { where: id }),
  };
}

function stopAtDeadline(state: RunState): Decision | undefined {
  for (const { id } of inOrder(state)) {
    const node = nodeOf(state, id);
    const due = node.deadlineTs !== undefined && state.ts >= node.deadlineTs;
    if (node.status === 'scheduled' && due) return stopAttempt(id, node, 'node_deadline');
  }
  return undefined;
}

// --- the end of the run

type Ending =
  | { readonly kind: 'cancelled'; readonly reason: string; readonly cause: StopCause }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly by?: string; readonly cause: StopCause }
  | { readonly kind: 'succeeded'; readonly by?: string; readonly cause: StopCause };

/** Why the run has to end, by rank: a cancel, the deadline, a failed node, a route to the end, a loop without visits left. */
function endingOf(state: RunState): Ending | undefined {
  if (state.cancel !== undefined) return { kind: 'cancelled', reason: state.cancel.reason, cause: 'cancelled' };
  if (state.deadlineTs !== undefined && state.ts >= state.deadlineTs) {
    return { kind: 'failed', failure: failure('deadline_exceeded/run'), cause: 'run_deadline' };
  }
  for (const { id } of inOrder(state)) {
    const node = nodeOf(state, id);
    if (node.status === 'failed') return failedBy(id, node.failure ?? failure('internal/unexpected'));
    const routed = node.route === undefined ? undefined : endingOfRoute(state, id, node.route);
    if (routed !== undefined) return routed;
  }
  return undefined;
}

function endingOfRoute(state: RunState, id: string, route: Route): Ending | undefined {
  if ('to' in route) {
    const spent = regionOfRoute(state, id, route.to) !== undefined && !visitsLeft(state, route.to);
    return spent ? failedBy(id, exhausted(state, route.to, `${id} routes back to it on ${route.on}`, id)) : undefined;
  }
  if (route.end === 'succeeded') return { kind: 'succeeded', by: id, cause: 'run_ending' };
  return failedBy(id, failure(route.reason ?? 'fatal/agent', { detail: `${id} ended with ${route.on}`, where: id }));
}

function failedBy(id: string, cause: Failure): Ending {
  return { kind: 'failed', failure: cause, by: id, cause: 'run_ending' };
}

function exhausted(state: RunState, head: string, wish: string, where: string): Failure {
  const detail = `${head} has had ${nodeOf(state, head).visit} of ${definitionOf(state, head).maxVisits} visits; ${wish}`;
  return failure('resource_exhausted/visits', { detail, where });
}

function visitsLeft(state: RunState, head: string): boolean {
  return nodeOf(state, head).visit < definitionOf(state, head).maxVisits;
}

/** M2: first every attempt stops, then what did not run is closed, then the run ends. */
function endRun(state: RunState, ending: Ending): Decision | undefined {
  for (const { id } of inOrder(state)) {
    const node = nodeOf(state, id);
    if (node.status === 'scheduled') return stopAttempt(id, node, ending.cause);
  }
  if (Object.values(state.nodes).some(isActive)) return undefined;
  return closeOpenNode(state, ending) ?? endDecision(ending);
}

function closeOpenNode(state: RunState, ending: Ending): Decision | undefined {
  const open = inOrder(state).find(({ id }) => !isSettled(nodeOf(state, id)));
  if (open === undefined) return undefined;
  const place = { node: open.id, visit: Math.max(nodeOf(state, open.id).visit, 1) };
  if (ending.kind === 'cancelled') return { type: 'node.cancelled', ...place };
  return { type: 'node.skipped', ...place, because: `the run ${ending.kind === 'failed' ? 'failed' : 'was done'}` };
}

function endDecision(ending: Ending): Decision {
  if (ending.kind === 'cancelled') return { type: 'run.cancelled', reason: ending.reason };
  const by = ending.by === undefined ? {} : { by: ending.by };
  if (ending.kind === 'succeeded') return { type: 'run.succeeded', ...by };
  return { type: 'run.failed', failure: ending.failure, ...by };
}

function stopAttempt(id: string, node: NodeState, cause: StopCause): Decision {
  return { type: 'attempt.stopping', node: id, visit: node.visit, attempt: node.attempt, cause };
}

function finishRun(state: RunState): Decision | undefined {
  return Object.values(state.nodes).every(isSettled) ? { type: 'run.succeeded' } : undefined;
}

// --- routes and starts

function followRoutes(state: RunState): Decision | undefined {
  for (const { id } of inOrder(state)) {
    const route = nodeOf(state, id).route;
    if (route === undefined || !('to' in route)) continue;
    const region = regionOfRoute(state, id, route.to);
    if (region?.nodes.some((member) => isBusy(nodeOf(state, member))) === true) continue;
    return { type: 'route.taken', from: id, signal: route.on, to: route.to, region: [...(region?.nodes ?? [])] };
  }
  return undefined;
}

/** The region that a route back restarts; `undefined` for a route forward. */
function regionOfRoute(state: RunState, from: string, to: string): LoopRegion | undefined {
  return state.plan.regions.find(({ head, latches }) => head === to && latches.includes(from));
}

function isBusy(node: NodeState): boolean {
  return isActive(node) || node.status === 'parked';
}

/** A route back waits for the node's region to come to rest. */
function isAboutToRestart(state: RunState, id: string): boolean {
  return state.plan.regions.some(
    (region) => region.nodes.includes(id) && region.latches.some((latch) => isGoingBack(state, latch, region.head)),
  );
}

function isGoingBack(state: RunState, latch: string, head: string): boolean {
  const route = nodeOf(state, latch).route;
  return route !== undefined && 'to' in route && route.to === head;
}

function startOrSkip(state: RunState): Decision | undefined {
  for (const definition of inOrder(state)) {
    if (nodeOf(state, definition.id).status !== 'waiting') continue;
    const decision = startWhenReady(state, definition);
    if (decision !== undefined) return decision;
  }
  return undefined;
}

/** M3. */
function startWhenReady(state: RunState, definition: WorkflowNode): Decision | undefined {
  const { id, needs } = definition;
  const latches = state.plan.waitsFor[id] ?? [];
  if (!latches.every((latch) => isSettled(nodeOf(state, latch)) && nodeOf(state, latch).route === undefined)) {
    return undefined;
  }
  if (isAboutToRestart(state, id)) return undefined;
  const missing = needs.find((need) => isSettled(nodeOf(state, need)) && nodeOf(state, need).status !== 'succeeded');
  if (missing !== undefined) return skip(state, id, `${missing} did not succeed`);
  if (!needs.every((need) => nodeOf(state, need).status === 'succeeded')) return undefined;
  const sources = state.plan.routedFrom[id] ?? [];
  if (sources.length === 0 || isRoutedTo(state, id)) return start(state, definition);
  return sources.every((source) => isSettled(nodeOf(state, source)))
    ? skip(state, id, 'no route led to it')
    : undefined;
}

/** A route forward was followed to the node. It still leads there after a route back to it, since its source lies before the loop. */
function isRoutedTo(state: RunState, id: string): boolean {
  return Object.values(state.nodes).some((node) => node.routedTo === id);
}

function start(state: RunState, definition: WorkflowNode): Decision {
  const visit = nodeOf(state, definition.id).visit + 1;
  const problem = visitsProblem(state, definition.id) ?? templateProblem(state, definition);
  if (problem !== undefined) return { type: 'node.failed', node: definition.id, visit, failure: problem };
  const deadlineTs = definition.timeoutMs === undefined ? undefined : state.ts + definition.timeoutMs;
  return scheduleAttempt(definition.id, { visit, attempt: 1, dueTs: state.ts, deadlineTs, tree: state.tree });
}

/** The head of an inner loop also spends a visit whenever the outer loop comes by. */
function visitsProblem(state: RunState, id: string): Failure | undefined {
  if (visitsLeft(state, id) || !state.plan.regions.some(({ head }) => head === id)) return undefined;
  return exhausted(state, id, 'an outer loop leads to it again', id);
}

function templateProblem(state: RunState, definition: WorkflowNode): Failure | undefined {
  try {
    fillTemplates(definition.input, state);
    return undefined;
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    return { ...failureOf(error), where: `nodes.${definition.id}.input` };
  }
}

function skip(state: RunState, id: string, because: string): Decision {
  return { type: 'node.skipped', node: id, visit: nodeOf(state, id).visit + 1, because };
}

function scheduleAttempt(
  id: string,
  place: Pick<NodeState, 'visit' | 'attempt' | 'dueTs' | 'deadlineTs' | 'tree'>,
): DecisionOf<'attempt.scheduled'> {
  return {
    type: 'attempt.scheduled',
    node: id,
    visit: place.visit,
    attempt: place.attempt,
    dueTs: place.dueTs,
    ...(place.deadlineTs === undefined ? {} : { deadlineTs: place.deadlineTs }),
    ...(place.tree === undefined ? {} : { tree: place.tree }),
  };
}

// --- pausing

/** A run pauses when only a person can bring it on. */
function pauseRun(state: RunState): Decision | undefined {
  const parked = inOrder(state).filter(({ id }) => nodeOf(state, id).status === 'parked');
  if (state.status === 'paused' || parked.length === 0 || Object.values(state.nodes).some(isActive)) return undefined;
  const waitingFor = parked.map(({ id }) => ({
    kind: 'parked_effect' as const,
    node: id,
    key: nodeOf(state, id).parkedKey ?? '',
  }));
  return { type: 'run.paused', waitingFor };
}

function resumeRun(state: RunState): Decision | undefined {
  const resumes = state.status === 'paused' && Object.values(state.nodes).some(isActive);
  return resumes ? { type: 'run.resumed' } : undefined;
}

function inOrder(state: RunState): readonly WorkflowNode[] {
  return state.plan.order.map((id) => definitionOf(state, id));
}
