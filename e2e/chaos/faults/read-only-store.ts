import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';

const TRIES = 100;

/** The file system is mounted read-only: whoever wrote dies, and finds it so when it comes back. */
export const readOnlyStore: Fault = {
  name: 'read-only-store',
  stores: ['sqlite'],
  group: 'disk',
  weight: 1,
  lastsMs: [500, 3_000],
  isPossible: ({ disk }) => disk.isMounted,
  inject: async ({ crew, disk }) => {
    // Nobody may have a file of it open to write in that moment; readers have one of SQLite's, too.
    for (const child of crew.all) child.hold(true);
    for (let tries = 0; tries < TRIES; tries += 1) {
      for (const child of crew.all) child.kill();
      if (disk.setReadOnly(true)) break;
      await sleep(10);
    }
    for (const child of crew.all) child.hold(false);
    return 'every process dies, and the store is read-only';
  },
  heal: ({ disk }) => void disk.setReadOnly(false),
};
