import type { Fault } from '../fault.ts';

/** Connections stay open and nothing arrives; in the end they are reset. */
export const blackHole: Fault = {
  name: 'black-hole',
  stores: ['postgres'],
  group: 'network',
  weight: 2,
  lastsMs: [1_000, 9_000],
  isPossible: ({ proxy }) => proxy !== undefined,
  inject: ({ proxy }) => {
    proxy?.setMode({ kind: 'blackhole' });
    return 'nothing arrives any more';
  },
  heal: ({ proxy }) => {
    proxy?.setMode({ kind: 'pass' });
    proxy?.cut();
  },
};
