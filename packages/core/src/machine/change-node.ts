import type { AttemptRef } from '@vltair/protocol';
import { nodeIn, type NodeState, type RunState } from './run-state.ts';

/** The state with the node at `path` changed; the same state when the run has no such node any more. */
export function changeNode(state: RunState, path: string, change: (node: NodeState) => NodeState): RunState {
  const node = nodeIn(state, path);
  return node === undefined ? state : { ...state, nodes: { ...state.nodes, [path]: change(node) } };
}

/** Changes the node only when the event speaks of its current attempt and it has one of the statuses. */
export function changeCurrent(
  state: RunState,
  ref: AttemptRef,
  statuses: readonly NodeState['status'][],
  change: (node: NodeState) => NodeState,
): RunState {
  const node = nodeIn(state, ref.node);
  const current = node?.visit === ref.visit && node.attempt === ref.attempt && statuses.includes(node.status);
  return current ? changeNode(state, ref.node, change) : state;
}

/** The same for a visit that has no attempt. */
export function changeVisit(
  state: RunState,
  ref: { readonly node: string; readonly visit: number },
  statuses: readonly NodeState['status'][],
  change: (node: NodeState) => NodeState,
): RunState {
  const node = nodeIn(state, ref.node);
  const current = node?.visit === ref.visit && statuses.includes(node.status);
  return current ? changeNode(state, ref.node, change) : state;
}
