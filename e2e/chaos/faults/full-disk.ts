import { between } from '../chance.ts';
import type { Fault } from '../fault.ts';

/** The disk shrinks to what it holds, and a little. */
export const fullDisk: Fault = {
  name: 'full-disk',
  stores: ['sqlite', 'postgres'],
  group: 'disk',
  weight: 2,
  lastsMs: [300, 3_000],
  isPossible: ({ disk }) => disk.isMounted,
  inject: ({ disk }, random) => {
    const left = between([0, 200], random);
    disk.fill(left * 1_024);
    return `the disk has ${left} KiB left`;
  },
  heal: async ({ disk, cluster }) => {
    disk.free();
    await cluster?.ensureStarted();
  },
};
