import { needsPerson } from '../machine/conclude-pause.ts';
import { hasEnded, isActive, type RunState } from '../machine/run-state.ts';

/** Whether a run has ended, or only people can bring it, or the children that it waits for, on. */
export function isResting(state: RunState, stateOf: (child: string) => RunState | undefined): boolean {
  if (hasEnded(state) || needsPerson(state)) return true;
  const children = awaitedChildren(state);
  return (
    children.length > 0 &&
    children.every((child) => {
      const below = stateOf(child);
      return below !== undefined && !hasEnded(below) && isResting(below, stateOf);
    })
  );
}

/** The children that a run waits for while nothing else of it is at work. */
export function awaitedChildren({ nodes }: RunState): readonly string[] {
  const all = Object.values(nodes);
  if (all.some(isActive)) return [];
  return all.flatMap(({ status, wait }) => (status === 'suspended' && wait?.kind === 'subrun' ? [wait.run] : []));
}
