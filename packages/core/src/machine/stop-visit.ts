import type { Decision } from '@vltair/protocol';
import type { NodeState, StopCause } from './run-state.ts';

/** Asks what works for the visit to stop; `undefined` when nothing does. */
export function stopVisit(path: string, node: NodeState, cause: StopCause): Decision | undefined {
  const { visit, attempt, wait } = node;
  if (node.status === 'scheduled') return { type: 'attempt.stopping', node: path, visit, attempt, cause };
  if (node.status === 'suspended' && wait?.kind === 'subrun')
    return { type: 'subrun.stopping', node: path, visit, run: wait.run, cause };
  return undefined;
}
