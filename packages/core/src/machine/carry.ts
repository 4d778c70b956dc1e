import type { CarriedNode, Carry } from '@vltair/protocol';
import { settleVisit } from './evolve-effect.ts';
import { downstreamOf } from './plan-graph.ts';
import { isSettled, nodeOf, unvisited, type NodeState, type RunState } from './run-state.ts';

/** How far a run had come in a state: what a rollback to it restores. */
export function carryOf(state: RunState): Carry {
  const nodes = state.workflow.nodes.map(({ id }) => [id, carriedNode(nodeOf(state, id))] as const);
  return { nodes: Object.fromEntries(nodes), ...treeOf(state.tree) };
}

/** What a fork at `from` takes over: everything that does not follow from that node, and the tree that it began with. */
export function carryBefore(state: RunState, from: string): Carry {
  const after = downstreamOf(state.workflow, [from]);
  const kept = state.workflow.nodes.filter(({ id }) => !after.has(id));
  const nodes = kept.map(({ id }) => [id, carriedNode(nodeOf(state, id))] as const);
  return { nodes: Object.fromEntries(nodes), ...treeOf(nodeOf(state, from).tree ?? state.tree) };
}

/**
 * The state as it stood when the carry was taken. Visits count on, so that no key of the ledger comes twice; those that
 * the carry does not know do not count against `maxVisits`. Calls that have no record yet are charged in full.
 */
export function applyCarry(before: RunState, { nodes, tree }: Carry): RunState {
  const state = Object.keys(before.nodes).reduce(settleVisit, before);
  const restored = state.workflow.nodes.map(({ id }) => {
    const carried = Object.hasOwn(nodes, id) ? nodes[id] : undefined;
    return [id, restoredNode(nodeOf(state, id), carried)] as const;
  });
  const cleanup = (state.workflow.finally ?? []).map(({ id }) => [id, fresh(nodeOf(state, id))] as const);
  return {
    ...state,
    nodes: Object.fromEntries([...restored, ...cleanup]),
    paths: state.plan.order,
    ...(tree === undefined ? {} : { tree }),
  };
}

/** A node that starts over with all its visits before it. */
export function fresh(node: NodeState): NodeState {
  return { ...unvisited, visit: node.visit, floor: node.visit };
}

function carriedNode(node: NodeState): CarriedNode {
  const { result, routedTo, status, failure } = node;
  const isDone = isSettled(node) && node.route === undefined;
  return {
    visits: node.visit - node.floor - (isSettled(node) || node.status === 'waiting' ? 0 : 1),
    ...(isDone ? { status: status as NonNullable<CarriedNode['status']> } : {}),
    ...(result === undefined ? {} : { signal: result.signal, output: result.output, artifacts: result.artifacts }),
    ...(isDone && failure !== undefined ? { failure } : {}),
    ...(routedTo === undefined ? {} : { routedTo }),
  };
}

function restoredNode(node: NodeState, carried: CarriedNode | undefined): NodeState {
  if (carried === undefined) return fresh(node);
  const { status, visits, signal, output, artifacts, failure, routedTo } = carried;
  const visit = Math.max(node.visit, visits);
  const result = signal === undefined ? undefined : { signal, output: output ?? {}, artifacts: artifacts ?? [] };
  return { ...unvisited, status: status ?? 'waiting', visit, floor: visit - visits, result, failure, routedTo };
}

function treeOf(tree: string | undefined): Pick<Carry, 'tree'> {
  return tree === undefined ? {} : { tree };
}
