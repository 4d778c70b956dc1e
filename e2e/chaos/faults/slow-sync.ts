import { between } from '../chance.ts';
import type { Fault } from '../fault.ts';

/** Every fsync of the store waits. */
export const slowSync: Fault = {
  name: 'slow-sync',
  stores: ['sqlite', 'postgres'],
  group: 'disk',
  weight: 2,
  lastsMs: [1_000, 5_000],
  isPossible: ({ diskShim }) => diskShim !== undefined,
  inject: ({ diskShim }, random) => {
    const ms = between([10, 700], random);
    diskShim?.set('syncDelayUs', ms * 1_000);
    return `fsync takes ${ms} ms`;
  },
  heal: ({ diskShim }) => diskShim?.set('syncDelayUs', 0),
};
