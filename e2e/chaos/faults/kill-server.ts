import type { Fault } from '../fault.ts';

/** kill -9 of the database server with all its processes; it is started again, and recovers. */
export const killServer: Fault = {
  name: 'kill-server',
  stores: ['postgres'],
  group: 'disk',
  weight: 4,
  lastsMs: [200, 4_000],
  isPossible: ({ cluster }) => cluster !== undefined,
  inject: async ({ cluster }) => {
    const count = cluster?.processes().length ?? 0;
    await cluster?.kill();
    return `kill -9 of ${count} processes of the server`;
  },
  heal: ({ cluster }) => cluster?.ensureStarted(),
};
