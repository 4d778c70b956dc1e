import { between } from '../chance.ts';
import type { Fault } from '../fault.ts';

export const slowNetwork: Fault = {
  name: 'slow-network',
  stores: ['postgres'],
  group: 'network',
  weight: 2,
  lastsMs: [1_000, 5_000],
  isPossible: ({ proxy }) => proxy !== undefined,
  inject: ({ proxy }, random) => {
    const ms = between([5, 400], random);
    proxy?.setMode({ kind: 'delay', ms });
    return `every packet takes ${ms} ms`;
  },
  heal: ({ proxy }) => proxy?.setMode({ kind: 'pass' }),
};
