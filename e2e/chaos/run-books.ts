import { evolve, type EventStore, type RunState } from '../../packages/core/src/index.ts';
import type { RunBook } from '../../packages/core/test/simulation/log-book.ts';

/** A run's log with the state after each event, as somebody reads it who takes no part. */
export async function bookOf(store: EventStore, run: string): Promise<RunBook> {
  const states: RunState[] = [];
  const landed = (await store.read(run)).map((event) => {
    states.push(evolve(states.at(-1), event));
    return { event, at: event.ts };
  });
  return { run, landed, states };
}

/** Whether it is part of a family: a child, or a run that has had one. */
export function isRelated({ landed }: RunBook): boolean {
  return landed.some(
    ({ event: { payload } }) =>
      (payload.type === 'run.created' && payload.parent !== undefined) ||
      (payload.type === 'node.suspended' && payload.wait.kind === 'subrun'),
  );
}
