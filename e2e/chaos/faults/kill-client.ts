import { pick } from '../chance.ts';
import type { Fault } from '../fault.ts';

/** A process that only uses the inbox dies, perhaps in the middle of a transaction. */
export const killClient: Fault = {
  name: 'kill-client',
  stores: ['sqlite', 'postgres'],
  group: 'client',
  weight: 2,
  lastsMs: [0, 0],
  isPossible: () => true,
  inject: ({ crew }, random) => {
    const victim = pick(crew.clients, random);
    return victim?.kill() === true ? `kill -9 of ${victim.plan.name}` : undefined;
  },
  heal: () => {},
};
