import type { Decision } from '@vltair/protocol';
import { concludeApprovals } from './conclude-approvals.ts';
import { endingOf, endRun } from './conclude-ending.ts';
import { pauseRun, resumeRun } from './conclude-pause.ts';
import { followRoutes, startOrSkip } from './conclude-start.ts';
import { cancelBranches, joinChildren, settleVisits, stopAtDeadline } from './conclude-visits.ts';
import { hasEnded, type RunState } from './run-state.ts';

/**
 * The next decision that a state calls for, `undefined` when it is at rest. The rules are level-triggered: each looks
 * at the state alone, so that it does not matter which fact brought it about. The first rule that has something to say
 * wins.
 *
 * M1 Nothing starts once the run is ending: while there is an ending, only the rules that settle, stop and end apply,
 *    and of new work only compensations and, after them, the `finally` nodes, each once.
 * M2 A run ends, and cleans up, only when no attempt of it is active and no child of it works.
 * M3 A node starts only when all it needs has succeeded, or has settled where that is tolerated, and no loop that it
 *    waits for can take another turn.
 * M4 No successor of an attempt starts before the attempt completed or stopped; so a loop region starts over only when
 *    nothing of it is in flight, suspended or parked, and until then nothing else of it starts.
 * M5 A node with children ends when they have, in the order of their indices, whatever order they came in.
 * M6 While somebody has paused the run, nothing new starts.
 * M7 Every route back costs the node that it leads to a visit, also when nothing runs then: the decisions that follow from a fact
 *    come to an end.
 */
export function conclude(state: RunState): Decision | undefined {
  if (hasEnded(state)) return undefined;
  const settled = settleVisits(state) ?? stopAtDeadline(state) ?? concludeApprovals(state) ?? joinChildren(state);
  if (settled !== undefined) return settled;
  const ending = endingOf(state);
  if (ending !== undefined) return endRun(state, ending) ?? resumeRun(state) ?? pauseRun(state);
  const next =
    cancelBranches(state) ?? (state.pause === undefined ? (followRoutes(state) ?? startOrSkip(state)) : undefined);
  return next ?? resumeRun(state) ?? pauseRun(state);
}
