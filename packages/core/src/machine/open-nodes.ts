import { nodeOf, type NodeState, type RunState } from './run-state.ts';

export interface OpenNode {
  readonly path: string;
  readonly node: NodeState;
  /** One of the workflow's `finally`. */
  readonly isFinally: boolean;
}

/** Worked out once for a state of the nodes: every rule goes over them, with every event. */
const known = new WeakMap<RunState['nodes'], readonly OpenNode[]>();

/**
 * The nodes that a rule may have something to say about, in the order in which the rules look at them: all but those
 * that have succeeded or were skipped, and whose route, if they have one, was followed.
 */
export function openNodes(state: RunState): readonly OpenNode[] {
  const earlier = known.get(state.nodes);
  if (earlier !== undefined) return earlier;
  const open = [...among(state, state.paths, false), ...among(state, state.plan.cleanup, true)];
  known.set(state.nodes, open);
  return open;
}

function among(state: RunState, paths: readonly string[], isFinally: boolean): readonly OpenNode[] {
  const open: OpenNode[] = [];
  for (const path of paths) {
    const node = nodeOf(state, path);
    const isQuiet = (node.status === 'succeeded' || node.status === 'skipped') && node.route === undefined;
    if (!isQuiet) open.push({ path, node, isFinally });
  }
  return open;
}
