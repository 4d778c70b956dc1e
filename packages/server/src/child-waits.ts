import { fold, type EventStore, type RunState } from '@vltair/core';
import type { WaitingFor } from '@vltair/protocol';

/** Something that a run below waits for. */
export interface ChildWait {
  readonly run: string;
  readonly wait: WaitingFor;
}

/** As many as a person reads. */
const MOST = 20;

/** What the children of a run wait for, and theirs: it goes on when they do. */
export async function childWaitsOf(store: EventStore, state: RunState): Promise<readonly ChildWait[]> {
  const waits: ChildWait[] = [];
  for (const run of childrenOf(state)) {
    const child = waits.length < MOST ? fold(await store.read(run)) : undefined;
    if (child === undefined) continue;
    waits.push(...child.waitingFor.map((wait) => ({ run, wait })), ...(await childWaitsOf(store, child)));
  }
  return waits.slice(0, MOST);
}

function childrenOf({ nodes }: RunState): readonly string[] {
  return Object.values(nodes).flatMap(({ status, wait }) =>
    status === 'suspended' && wait?.kind === 'subrun' ? [wait.run] : [],
  );
}
