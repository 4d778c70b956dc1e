import type { RunState } from './run-state.ts';

/**
 * Changes of behaviour, each with a number that is never used again. A run keeps the flags of the version that began it,
 * so that its log replays to the same decisions for ever; new runs get all of them. A version that does not know a
 * run's flag leaves the run alone.
 */
export const behaviourFlags = {
  /** The time that a visit is parked does not count against its deadline. */
  parkedTimeIsFree: 1,
  /** A template of the output that refers to nothing fails the run in the words of the template alone. */
  outputFailsInItsOwnWords: 2,
  /** Where the failure of a mapped node leads is followed when its children have ended: one that fails leads nowhere by itself. */
  handlerFollowsTheWholeMap: 3,
  /** An item that somebody cancels gives null, and the others go on. */
  cancelledItemsAreAlone: 4,
  /** A route back to a node that is skipped then, or cancelled, has cost it a visit all the same. */
  everyPassIsAVisit: 5,
  /** What undoes an item may refer to its index. */
  undoKnowsTheIndex: 6,
  /** The budget of a `subrun` node itself bounds its child as well. */
  nodeBudgetBoundsTheChild: 7,
  /** An agent that was approved while the run is paused starts when it is resumed. */
  approvedAgentsWait: 8,
  /** A child that succeeds although it was to stop has done what undoes it. */
  stoppedChildrenAreUndone: 9,
  /** A mapped node that is cancelled waits for the tasks of its items. */
  cancelledMapsWaitForTasks: 10,
} as const;

export type BehaviourFlag = keyof typeof behaviourFlags;

export const knownFlags: ReadonlySet<number> = new Set(Object.values(behaviourFlags));

export function isOn({ manifest }: RunState, flag: BehaviourFlag): boolean {
  return manifest.flags.includes(behaviourFlags[flag]);
}
