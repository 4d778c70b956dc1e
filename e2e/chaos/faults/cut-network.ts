import type { Fault } from '../fault.ts';

/** Every connection is reset, in the middle of whatever it carries. */
export const cutNetwork: Fault = {
  name: 'cut-network',
  stores: ['postgres'],
  group: 'network',
  weight: 3,
  lastsMs: [0, 0],
  isPossible: ({ proxy }) => proxy !== undefined,
  inject: ({ proxy }) => {
    const count = proxy?.connections ?? 0;
    proxy?.cut();
    return `${count} connections are reset`;
  },
  heal: () => {},
};
