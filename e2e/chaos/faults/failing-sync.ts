import { errnos } from '../shim.ts';
import type { Fault } from '../fault.ts';

/** Every fsync of the store fails. */
export const failingSync: Fault = {
  name: 'failing-sync',
  stores: ['sqlite', 'postgres'],
  group: 'disk',
  weight: 3,
  lastsMs: [30, 1_500],
  isPossible: ({ diskShim }) => diskShim !== undefined,
  inject: ({ diskShim }) => {
    diskShim?.set('syncErrno', errnos.EIO);
    return 'fsync fails with EIO';
  },
  heal: async ({ diskShim, cluster }) => {
    diskShim?.set('syncErrno', 0);
    await cluster?.ensureStarted();
  },
};
