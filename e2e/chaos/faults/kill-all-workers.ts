import type { Fault } from '../fault.ts';

/** What the processes see of a power cut: all of them are gone at once. */
export const killAllWorkers: Fault = {
  name: 'kill-all-workers',
  stores: ['sqlite', 'postgres'],
  group: 'process',
  weight: 2,
  lastsMs: [0, 0],
  isPossible: () => true,
  inject: ({ crew }) => {
    const killed = [...crew.workers, ...crew.registers].filter((child) => child.kill());
    return killed.length === 0 ? undefined : `kill -9 of ${killed.length} workers at once`;
  },
  heal: () => {},
};
