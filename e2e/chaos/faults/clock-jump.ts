import { between } from '../chance.ts';
import type { Fault } from '../fault.ts';

/** Somebody sets the wall clock of the workers wrong; one of them begins to work in the wrong time. */
export const clockJump: Fault = {
  name: 'clock-jump',
  stores: ['sqlite', 'postgres'],
  group: 'clock',
  weight: 2,
  lastsMs: [1_000, 6_000],
  isPossible: ({ clockShim }) => clockShim !== undefined,
  inject: ({ clockShim, crew }, random) => {
    const seconds = between([-3_600, 3_600], random);
    clockShim?.set('clockShiftNs', seconds * 1e9);
    const reborn = random() < 0.5 ? crew.owner : undefined;
    const isReborn = reborn?.kill() === true;
    return `the clock jumps by ${seconds} s${isReborn ? `, and ${reborn.plan.name} is killed` : ''}`;
  },
  heal: ({ clockShim }) => clockShim?.set('clockShiftNs', 0),
};
