import type { Fault } from '../fault.ts';

/** SIGSTOP, long enough for others to suspect that it is dead, then SIGCONT. */
export const stopWorker: Fault = {
  name: 'stop-worker',
  stores: ['sqlite', 'postgres'],
  group: 'process',
  weight: 2,
  lastsMs: [300, 5_000],
  isPossible: () => true,
  inject: ({ crew }, random) => {
    const victim = crew.aWriter(random);
    return victim?.stop() === true ? `SIGSTOP of ${victim.plan.name}` : undefined;
  },
  heal: ({ crew }) => {
    for (const child of [...crew.workers, ...crew.registers]) child.goOn();
  },
};
