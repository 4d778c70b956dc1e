import { failure, type Decision, type Failure, type Json, type JsonObject, type WorkflowNode } from '@vltair/protocol';
import { isOn } from './behaviour-flags.ts';
import { endingOf } from './conclude-ending.ts';
import { scheduleAttempt, startVisit } from './conclude-start.ts';
import { definitionOf, isCleanup, maxNodesOf } from './definition.ts';
import { openNodes } from './open-nodes.ts';
import { nextAttempt } from './retry.ts';
import { stopVisit } from './stop-visit.ts';
import { isActive, isSettled, nodeOf, type NodeState, type RunState, type StopCause } from './run-state.ts';

// --- visits whose attempt, child or wait has come to an end

export function settleVisits(state: RunState): Decision | undefined {
  for (const { path, node } of openNodes(state)) {
    const decision = settleVisit(state, path, node);
    if (decision !== undefined) return decision;
  }
  return undefined;
}

function settleVisit(state: RunState, path: string, node: NodeState): Decision | undefined {
  if (node.status === 'completed') return settleCompleted(state, path, node);
  if (node.status === 'stopped') return settleStopped(path, node);
  if (node.status === 'woken') return settleWoken(state, path, node);
  return node.status === 'suspended' ? settleOverdue(state, path, node) : undefined;
}

function settleCompleted(state: RunState, path: string, node: NodeState): Decision {
  const { outcome, visit } = node;
  if (outcome?.kind === 'result') {
    const { signal, newTasks = [] } = outcome.result.payload;
    const isAllowed = state.workflow.taskAgents !== undefined;
    if (isAllowed && newTasks.length > 0) return addTasks(state, path, node, newTasks);
    return { type: 'node.succeeded', node: path, visit, signal };
  }
  const cause = outcome?.failure ?? failure('internal/unexpected', { detail: 'an attempt without an outcome' });
  const { maxAttempts } = definitionOf(state, path);
  const limits = { maxAttempts, deadlineTs: node.deadlineTs, ts: state.ts };
  const again = mayGoOn(state, path, node) ? nextAttempt(cause, node.attempt, limits) : undefined;
  if (again === undefined) return failed(path, visit, cause);
  return scheduleAttempt(path, { ...node, attempt: again.attempt, dueTs: again.dueTs });
}

/** M1: while the run is ending, only its cleaning up goes on. */
function mayGoOn(state: RunState, path: string, node: NodeState): boolean {
  if (node.isCancelled) return false;
  return state.ending === undefined ? endingOf(state) === undefined : isCleanup(state, path, node);
}

/** What an agent proposes is bounded, and may only name agents that the workflow lists. */
function addTasks(
  state: RunState,
  path: string,
  { visit }: NodeState,
  tasks: readonly { readonly agent?: string }[],
): Decision {
  const total = Object.keys(state.nodes).length + tasks.length;
  const most = maxNodesOf(state.workflow);
  if (isCleanup(state, path, nodeOf(state, path)))
    return failed(
      path,
      visit,
      failure('resource_exhausted/nodes', { detail: 'cleaning up adds no tasks', where: path }),
    );
  if (total > most)
    return failed(path, visit, failure('resource_exhausted/nodes', { detail: `${total} of ${most}`, where: path }));
  const { taskAgents = [] } = state.workflow;
  const stranger = tasks.find(({ agent = '' }) => !taskAgents.includes(agent));
  if (stranger !== undefined) {
    const detail = `${stranger.agent ?? 'a task without an agent'} is none of the workflow's taskAgents`;
    return failed(path, visit, failure('invalid_argument/unknown_agent', { detail, where: path }));
  }
  return { type: 'tasks.added', node: path, visit, count: tasks.length };
}

function settleStopped(path: string, node: NodeState): Decision {
  if (node.stopCause !== 'node_deadline') return { type: 'node.cancelled', node: path, visit: node.visit };
  return failed(path, node.visit, failure('deadline_exceeded/node', { where: path }));
}

/** What the visit waited for has come. */
function settleWoken(state: RunState, path: string, node: NodeState): Decision | undefined {
  const { wait, visit } = node;
  switch (wait?.kind) {
    case 'approval':
      return settleAnswered(state, path, node, wait.approval);
    case 'subrun':
      return settleSubrun(path, node);
    case 'signal':
      return settleMessage(path, node);
    default:
      return { type: 'node.succeeded', node: path, visit, signal: 'success', output: {} };
  }
}

function settleMessage(path: string, { visit, answer }: NodeState): Decision {
  const data: Json = answer?.kind === 'message' ? answer.data : null;
  const by = answer?.kind === 'message' ? answer.by : '';
  return { type: 'node.succeeded', node: path, visit, signal: 'received', output: { data, by } };
}

function settleSubrun(path: string, { visit, answer }: NodeState): Decision {
  if (answer?.kind !== 'subrun') return failed(path, visit, failure('internal/unexpected'));
  const { status, output = {}, failure: why, run } = answer.ended;
  if (status === 'succeeded') return { type: 'node.succeeded', node: path, visit, signal: 'success', output };
  const cause = why ?? failure('cancelled/run', { detail: run });
  return failed(path, visit, { ...cause, where: cause.where ?? run });
}

/** Beside an agent, a yes starts it; alone, every answer is a signal, where a route takes it. */
function settleAnswered(state: RunState, path: string, node: NodeState, id: string): Decision | undefined {
  const definition = definitionOf(state, path);
  const { visit } = node;
  const approval = state.approvals[id];
  const status = approval?.status ?? 'cancelled';
  if (status === 'granted' && definition.agent !== undefined) return startApproved(state, path, node, definition);
  const signal = status === 'granted' ? 'approved' : status;
  const isTaken = status === 'granted' || definition.routes.some(({ on }) => on === signal);
  const words = { by: approval?.by ?? null, comment: approval?.words ?? null };
  if (isTaken) return { type: 'node.succeeded', node: path, visit, signal, output: words };
  if (status === 'expired') return failed(path, visit, failure('deadline_exceeded/approval', { where: path }));
  const detail = `${approval?.by ?? ''}: ${approval?.words ?? ''}`;
  return failed(path, visit, failure('forbidden/rejected', { detail, where: path }));
}

/** M6. */
function startApproved(state: RunState, path: string, node: NodeState, definition: WorkflowNode): Decision | undefined {
  if (!mayGoOn(state, path, node)) return { type: 'node.cancelled', node: path, visit: node.visit };
  const isHeld = state.pause !== undefined && state.ending === undefined && isOn(state, 'approvedAgentsWait');
  return isHeld ? undefined : startVisit(state, path, definition);
}

/** A sleep that is over; a signal that nobody sent in time. */
function settleOverdue(state: RunState, path: string, { wait, visit }: NodeState): Decision | undefined {
  if (wait?.kind === 'sleep' && state.ts >= wait.untilTs)
    return { type: 'node.succeeded', node: path, visit, signal: 'success', output: {} };
  if (wait?.kind !== 'signal' || wait.expiresTs === undefined || state.ts < wait.expiresTs) return undefined;
  const isTaken = definitionOf(state, path).routes.some(({ on }) => on === 'expired');
  if (isTaken) return { type: 'node.succeeded', node: path, visit, signal: 'expired', output: {} };
  return failed(path, visit, failure('deadline_exceeded/signal', { detail: wait.name, where: path }));
}

function failed(path: string, visit: number, cause: Failure): Decision {
  return { type: 'node.failed', node: path, visit, failure: cause };
}

// --- stopping

export function stopAtDeadline(state: RunState): Decision | undefined {
  for (const { path, node } of openNodes(state)) {
    if (node.deadlineTs !== undefined && state.ts >= node.deadlineTs) {
      const stop = stopVisit(path, node, 'node_deadline');
      if (stop !== undefined) return stop;
    }
  }
  return undefined;
}

/** A cancelled branch: its node stops, and what needs it is cancelled in its turn by the rules that start nodes. */
export function cancelBranches(state: RunState): Decision | undefined {
  for (const { path, node } of openNodes(state)) {
    if (!node.isCancelled || isSettled(node)) continue;
    const decision = cancelVisit(state, path, node);
    if (decision !== undefined) return decision;
  }
  return undefined;
}

function cancelVisit(state: RunState, path: string, node: NodeState): Decision | undefined {
  const stop = stopVisit(path, node, 'branch_cancelled') ?? stopChildren(state, node, 'branch_cancelled');
  if (stop !== undefined) return stop;
  if (isActive(node) || node.children.some((child) => isBusyBelow(state, nodeOf(state, child)))) return undefined;
  return { type: 'node.cancelled', node: path, visit: Math.max(node.visit, 1) };
}

/** A child that waits for children of its own is not active itself. */
function isBusyBelow(state: RunState, child: NodeState): boolean {
  return isActive(child) || (child.status === 'joining' && isOn(state, 'cancelledMapsWaitForTasks'));
}

/** Stops, or cancels, the children one after the other. */
function stopChildren(state: RunState, { status, children }: NodeState, cause: StopCause): Decision | undefined {
  if (status !== 'joining') return undefined;
  for (const path of children) {
    const child = nodeOf(state, path);
    if (isSettled(child)) continue;
    const stop = stopVisit(path, child, cause) ?? stopChildren(state, child, cause);
    if (stop !== undefined) return stop;
    if (!isActive(child) && !child.children.some((below) => isActive(nodeOf(state, below))))
      return { type: 'node.cancelled', node: path, visit: Math.max(child.visit, 1) };
  }
  return undefined;
}

// --- joining

/** M5. A child that fails, where the node does not continue, stops its siblings. */
export function joinChildren(state: RunState): Decision | undefined {
  for (const { path, node } of openNodes(state)) {
    const decision = node.status === 'joining' && !node.isCancelled ? join(state, path, node) : undefined;
    if (decision !== undefined) return decision;
  }
  return undefined;
}

function join(state: RunState, path: string, node: NodeState): Decision | undefined {
  const definition = definitionOf(state, path);
  const isTolerant = definition.onFailure === 'continue';
  const below = openNodes(state).filter((open) => open.node.origin?.kind !== 'undo' && open.node.origin?.of === path);
  if (below.some((open) => !isSettled(open.node))) {
    const isBroken = !isTolerant && below.some((open) => isSettled(open.node) && breaks(state, open.node));
    return isBroken ? stopChildren(state, node, 'sibling_failed') : undefined;
  }
  const children = node.children.map((child) => nodeOf(state, child));
  const failing = children.findIndex((child) => child.status === 'failed');
  if (failing !== -1 && !isTolerant) return failed(path, node.visit, causeOf(node, children, failing));
  if (definition.map === undefined)
    return { type: 'node.succeeded', node: path, visit: node.visit, signal: node.result?.signal ?? 'success' };
  return { type: 'node.succeeded', node: path, visit: node.visit, signal: 'success', output: joined(children) };
}

/** Somebody took back that item, and no other. */
function breaks(state: RunState, { isCancelled }: NodeState): boolean {
  return !isCancelled || !isOn(state, 'cancelledItemsAreAlone');
}

function causeOf(node: NodeState, children: readonly NodeState[], index: number): Failure {
  const cause = children[index]?.failure ?? failure('internal/unexpected');
  return { ...cause, where: cause.where ?? node.children[index] ?? '' };
}

/** What the children gave, in the order of the items; `null` for one that did not succeed. */
function joined(children: readonly NodeState[]): JsonObject {
  return { results: children.map(({ status, result }) => (status === 'succeeded' ? (result?.output ?? {}) : null)) };
}
