import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../bench/planting/seeded-random.ts';
import type { Arena, Fault } from './fault.ts';
import type { PlannedFault } from './fault-schedule.ts';
import { moment } from './moment.ts';

/** A fault that has been. Times of {@link moment}. */
export interface Injected {
  readonly number: number;
  readonly name: string;
  readonly what: string;
  readonly at: number;
  healedAt: number;
}

/** Injects each fault at its time, but none before the one of its group before has been healed. Resolves when the last one is healed; gives what really happened, oldest first. */
export async function runFaults(
  faults: readonly Fault[],
  planned: readonly PlannedFault[],
  arena: Arena,
  signal: AbortSignal,
  heard: (injected: Injected) => void,
): Promise<readonly Injected[]> {
  const begin = moment();
  const groups = Map.groupBy(planned, ({ name }) => faults.find((fault) => fault.name === name)?.group);
  const all = [...groups.values()].map(async (plans) => {
    const done: Injected[] = [];
    for (const plan of plans) {
      await pause(begin + plan.atMs - moment(), signal);
      const fault = faults.find(({ name }) => name === plan.name);
      const injected = fault === undefined || signal.aborted ? undefined : await runFault(fault, plan, arena, heard);
      if (injected !== undefined) done.push(injected);
    }
    return done;
  });
  return (await Promise.all(all)).flat().toSorted((left, right) => left.at - right.at);
}

/** Also over when somebody wants to leave. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => {
    // Whoever waited looks at the signal.
  });
}

async function runFault(
  fault: Fault,
  { number, seed, lastsMs }: PlannedFault,
  arena: Arena,
  heard: (injected: Injected) => void,
): Promise<Injected | undefined> {
  const at = moment();
  try {
    const what = await fault.inject(arena, seededRandom(seed));
    if (what === undefined) return undefined;
    const injected: Injected = { number, name: fault.name, what, at, healedAt: Infinity };
    heard(injected);
    await sleep(lastsMs);
    await fault.heal(arena);
    injected.healedAt = moment();
    return injected;
  } catch (error) {
    await fault.heal(arena);
    throw new Error(`the fault ${fault.name} could not be made`, { cause: error });
  }
}
