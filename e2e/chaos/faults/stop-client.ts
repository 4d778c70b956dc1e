import { pick } from '../chance.ts';
import type { Fault } from '../fault.ts';

/** A process that only uses the inbox is stopped, perhaps while it holds a lock that the owner of the store needs. */
export const stopClient: Fault = {
  name: 'stop-client',
  stores: ['sqlite', 'postgres'],
  group: 'client',
  weight: 2,
  lastsMs: [500, 8_000],
  isPossible: () => true,
  inject: ({ crew }, random) => {
    const victim = pick(crew.clients, random);
    return victim?.stop() === true ? `SIGSTOP of ${victim.plan.name}` : undefined;
  },
  heal: ({ crew }) => {
    for (const child of crew.clients) child.goOn();
  },
};
