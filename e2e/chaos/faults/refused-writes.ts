import { errnos } from '../shim.ts';
import { pick } from '../chance.ts';
import type { Fault } from '../fault.ts';

const codes = ['EIO', 'ENOSPC', 'EROFS'] as const;

/** Every write to the store's files fails: a disk that breaks, fills up, or goes read-only below a process at work. */
export const refusedWrites: Fault = {
  name: 'refused-writes',
  stores: ['sqlite', 'postgres'],
  group: 'disk',
  weight: 3,
  lastsMs: [30, 1_500],
  isPossible: ({ diskShim }) => diskShim !== undefined,
  inject: ({ diskShim }, random) => {
    const code = pick(codes, random) ?? 'EIO';
    diskShim?.set('writeErrno', errnos[code]);
    return `writes fail with ${code}`;
  },
  heal: async ({ diskShim, cluster }) => {
    diskShim?.set('writeErrno', 0);
    await cluster?.ensureStarted();
  },
};
