import { awaitedChildren, fold, isResting, type EventStore, type RunState } from '@vltair/core';
import { VltairError, type StoredEvent } from '@vltair/protocol';
import { followRun } from './follow-run.ts';
import type { Guest } from './wherever-owned.ts';

/** The state in which the run rests; `undefined` when its owner left on the way. */
export async function followToRest(
  guest: Guest,
  run: string,
  signal: AbortSignal,
  tell: (event: StoredEvent, state: RunState) => void = () => {},
): Promise<RunState | undefined> {
  const { store } = guest;
  let state: RunState | undefined;
  const rests = async (): Promise<boolean> => state !== undefined && (await restsIn(store, state));
  const isOver = async (): Promise<boolean> => (await rests()) || (await guest.hasOwnerLeft(run));
  for await (const event of followRun(store, run, { after: 0, isOver, signal })) {
    state = fold([event], state);
    if (state !== undefined) tell(event, state);
  }
  if (signal.aborted) throw new VltairError('cancelled/interrupted');
  return (await rests()) ? state : undefined;
}

/** Whether nothing but people can bring a run on, as its log and those of its children tell. */
export async function restsIn(store: EventStore, state: RunState): Promise<boolean> {
  const below = new Map<string, RunState>();
  for (const states = [state]; states.length > 0;) {
    for (const child of awaitedChildren(states.pop() ?? state)) {
      const found = (await store.run(child)) === undefined ? undefined : fold(await store.read(child));
      if (found === undefined || below.has(child)) continue;
      below.set(child, found);
      states.push(found);
    }
  }
  return isResting(state, (child) => below.get(child));
}
