import type { Fault } from '../fault.ts';

/** kill -9; its supervisor starts it again a moment later. */
export const killWorker: Fault = {
  name: 'kill-worker',
  stores: ['sqlite', 'postgres'],
  group: 'process',
  weight: 6,
  lastsMs: [0, 0],
  isPossible: () => true,
  inject: ({ crew }, random) => {
    const victim = crew.aWriter(random);
    return victim?.kill() === true ? `kill -9 of ${victim.plan.name}` : undefined;
  },
  heal: () => {},
};
