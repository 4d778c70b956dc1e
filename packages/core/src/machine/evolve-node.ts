import { failure, type AgentResult, type DecisionOf, type FactOf, type JsonObject, type Route } from '@vltair/protocol';
import { isOn } from './behaviour-flags.ts';
import { openBudget, reserve, settle } from './budget.ts';
import { addItems, addTasks, addUndo, withoutChildren } from './children.ts';
import { changeCurrent, changeNode, changeVisit } from './change-node.ts';
import { definitionOf } from './definition.ts';
import { settleVisit } from './evolve-effect.ts';
import { rescueRoute } from './plan-graph.ts';
import { nodeIn, nodeOf, unvisited, type NodeState, type RunState } from './run-state.ts';

type NodeEvent =
  | FactOf<'attempt.completed' | 'attempt.stopped' | 'subrun.ended'>
  | DecisionOf<
      | 'attempt.scheduled'
      | 'attempt.stopping'
      | 'subrun.stopping'
      | 'node.suspended'
      | 'map.expanded'
      | 'tasks.added'
      | 'compensation.started'
      | 'node.succeeded'
      | 'node.failed'
      | 'node.skipped'
      | 'node.cancelled'
      | 'route.taken'
    >;

/** The fold of what happens to the visits and attempts of nodes. */
export function evolveNode(state: RunState, event: NodeEvent): RunState {
  switch (event.type) {
    case 'attempt.completed':
      return completed(state, event);
    case 'attempt.stopped':
      return changeCurrent(state, event, ['stopping'], stopped);
    case 'subrun.ended':
      return subrunEnded(state, event);
    case 'attempt.scheduled':
      return changeNode(state, event.node, (node) => scheduled(state, node, event));
    case 'attempt.stopping':
    case 'subrun.stopping':
      return changeNode(state, event.node, (node) => ({ ...node, status: 'stopping', stopCause: event.cause }));
    case 'node.suspended':
      return suspended(state, event);
    case 'map.expanded':
      return addItems(state, event);
    case 'tasks.added':
      return addTasks(state, event);
    case 'compensation.started':
      return addUndo(state, event);
    case 'node.succeeded':
      return succeeded(state, event);
    case 'node.failed':
      return ended(state, event.node, (node) => ({
        ...node,
        status: 'failed',
        failure: event.failure,
        visit: event.visit,
        route: leadsOn(state, node) ? rescueRoute(definitionOf(state, event.node).onFailure) : undefined,
      }));
    case 'node.skipped':
      return ended(state, event.node, (node) => ({
        ...node,
        status: 'skipped',
        visit: isClosing(event.because) ? node.visit : passedOver(state, event, node),
        isClosed: isClosing(event.because),
      }));
    case 'node.cancelled':
      return ended(state, event.node, (node) => ({
        ...node,
        status: 'cancelled',
        visit: passedOver(state, event, node),
      }));
    case 'route.taken':
      return routed(state, event.from, event.to, event.region);
  }
}

/** M7. What no route back leads to has had no visit when it is passed over. */
function passedOver(state: RunState, { visit }: { visit: number }, node: NodeState): number {
  return node.isRoutedBackTo && isOn(state, 'everyPassIsAVisit') ? Math.max(visit, node.visit) : node.visit;
}

function leadsOn(state: RunState, { origin }: NodeState): boolean {
  return origin === undefined || !isOn(state, 'handlerFollowsTheWholeMap');
}

/** Why a node is skipped that had not ended when the run did. */
export const closingReasons = { failed: 'the run failed', succeeded: 'the run was done' } as const;

function isClosing(because: string): boolean {
  return because === closingReasons.failed || because === closingReasons.succeeded;
}

/** A node at the start of its next visit: its last result, and how often it was visited, stay. */
function restarted(node: NodeState): NodeState {
  const { visit, floor, result, origin } = node;
  return { ...unvisited, visit, floor, result, origin };
}

function scheduled(state: RunState, node: NodeState, decision: DecisionOf<'attempt.scheduled'>): NodeState {
  return {
    ...beginVisit(state, decision, node),
    status: 'scheduled',
    attempt: decision.attempt,
    incarnation: 1,
    dueTs: decision.dueTs,
    deadlineTs: decision.deadlineTs,
    tree: decision.tree,
    outcome: undefined,
    stopCause: undefined,
    wait: undefined,
    answer: undefined,
  };
}

/** The node's own budget is opened anew with every visit. */
function beginVisit(
  state: RunState,
  { node: path, visit }: { node: string; visit: number },
  node: NodeState,
): NodeState {
  const limit = definitionOf(state, path).budget;
  const budget = node.visit === visit && node.budget !== undefined ? node.budget : undefined;
  return { ...node, visit, budget: budget ?? (limit === undefined ? undefined : openBudget(limit)) };
}

function suspended(state: RunState, { node: path, visit, wait }: DecisionOf<'node.suspended'>): RunState {
  const next = changeNode(state, path, (node) => ({
    ...beginVisit(state, { node: path, visit }, node),
    status: 'suspended',
    attempt: 0,
    wait,
    answer: undefined,
    deadlineTs: wait.kind === 'subrun' ? wait.deadlineTs : undefined,
  }));
  if (wait.kind === 'signal') return answeredFromMailbox(next, path, wait.name);
  if (wait.kind !== 'subrun') return next;
  return { ...next, subruns: next.subruns + 1, budget: reserve(next.budget, wait.granted) };
}

/** A message that came before its node takes effect at once. */
function answeredFromMailbox(state: RunState, path: string, name: string): RunState {
  const index = state.mailbox.findIndex((message) => message.name === name);
  const message = state.mailbox[index];
  if (message === undefined) return state;
  const { data, by } = message;
  const answered = changeNode(state, path, (node) => ({
    ...node,
    status: 'woken',
    answer: { kind: 'message', data, by },
  }));
  return { ...answered, mailbox: state.mailbox.toSpliced(index, 1) };
}

/** A result counts only for the incarnation that is in flight; one that comes after the stop was asked for only ends the attempt. */
function completed(state: RunState, fact: FactOf<'attempt.completed'>): RunState {
  if (nodeIn(state, fact.node)?.incarnation !== fact.incarnation) return state;
  const stopping = changeCurrent(state, fact, ['stopping'], stopped);
  const after = changeCurrent(stopping, fact, ['scheduled'], (node) => ({
    ...node,
    status: 'completed',
    outcome: fact.outcome,
  }));
  const applied = fact.outcome.kind === 'result' && after !== stopping ? fact.outcome.treeAfter : undefined;
  return applied === undefined ? after : { ...after, tree: applied };
}

function stopped(node: NodeState): NodeState {
  return { ...node, status: 'stopped' };
}

/** What was set aside for the child goes back, less what it spent. */
function subrunEnded(state: RunState, fact: FactOf<'subrun.ended'>): RunState {
  const node = nodeIn(state, fact.node);
  const { wait } = node ?? {};
  const isCurrent = wait?.kind === 'subrun' && wait.run === fact.run && node?.visit === fact.visit;
  if (!isCurrent || (node?.status !== 'suspended' && node?.status !== 'stopping')) return state;
  const budget = settle(state.budget, wait.granted, fact.spent);
  const isConflict = fact.tree !== undefined && state.tree !== wait.tree;
  const end = isConflict ? conflicting(fact) : fact;
  const next = changeVisit({ ...state, budget }, fact, ['suspended', 'stopping'], (open) => ({
    ...open,
    status: open.status === 'stopping' ? 'stopped' : 'woken',
    answer: { kind: 'subrun', ended: end },
  }));
  const done = withUndoOfStopped(next, node, end);
  return fact.tree === undefined || isConflict ? done : { ...done, tree: fact.tree };
}

/** The stop came too late for the child: what it did counts as done when the run is cleaned up after. */
function withUndoOfStopped(state: RunState, { status, visit }: NodeState, end: FactOf<'subrun.ended'>): RunState {
  const isUndoable = definitionOf(state, end.node).compensate !== undefined && isOn(state, 'stoppedChildrenAreUndone');
  if (status !== 'stopping' || end.status !== 'succeeded' || !isUndoable) return state;
  const result = { signal: 'success', output: end.output ?? {}, artifacts: [] };
  const { origin } = nodeOf(state, end.node);
  const item = origin?.kind === 'item' ? { item: origin.item } : {};
  return { ...state, undo: [...state.undo, { node: end.node, visit, result, ...item }] };
}

/** The child worked on a tree that the run has left behind: neither change is lost, and neither is guessed to win. */
function conflicting({ tree: _tree, output: _output, ...fact }: FactOf<'subrun.ended'>): FactOf<'subrun.ended'> {
  return { ...fact, status: 'failed', failure: failure('fatal/tree_conflict', { where: fact.node }) };
}

function succeeded(state: RunState, event: DecisionOf<'node.succeeded'>): RunState {
  const { node: path, visit, signal } = event;
  const definition = definitionOf(state, path);
  const result = resultOf(nodeOf(state, path), signal, event.output);
  const next = ended(state, path, (node) => ({
    ...node,
    status: 'succeeded',
    visit,
    result,
    failure: undefined,
    route: chosenRoute(definition.routes, signal),
    outcome: undefined,
  }));
  const { origin } = nodeOf(state, path);
  if (definition.compensate === undefined || definition.map !== undefined) return next;
  const item = origin?.kind === 'item' ? { item: origin.item } : {};
  return { ...next, undo: [...next.undo, { node: path, visit, result, ...item }] };
}

function resultOf(node: NodeState, signal: string, output: JsonObject | undefined): AgentResult['payload'] {
  if (output !== undefined) return { signal, output, artifacts: [] };
  if (node.outcome?.kind === 'result') return node.outcome.result.payload;
  return node.result ?? { signal, output: {}, artifacts: [] };
}

/** The visit is over: its books are settled, and what it waited for is forgotten. */
function ended(state: RunState, path: string, change: (node: NodeState) => NodeState): RunState {
  const next = changeNode(state, path, (node) => ({ ...change(node), wait: undefined, answer: undefined }));
  return settleVisit(next, path);
}

/** The route on the signal itself, else the one on `*`. */
function chosenRoute(routes: readonly Route[], signal: string): Route | undefined {
  return routes.find((route) => route.on === signal) ?? routes.find((route) => route.on === '*');
}

function routed(state: RunState, from: string, to: string, region: readonly string[]): RunState {
  const followed = changeNode(state, from, (node) => ({ ...node, route: undefined, routedTo: to }));
  const restart = (next: RunState, id: string): RunState => changeNode(withoutChildren(next, id), id, restarted);
  if (region.length === 0) return followed;
  return changeNode(region.reduce(restart, followed), to, (head) => ({ ...head, isRoutedBackTo: true }));
}
