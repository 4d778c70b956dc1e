/** Decides whether the dropped user can work where the request points. */
import { statSync } from 'node:fs';
import type { Machine } from './enforcement.ts';
import type { Order } from './request.ts';
import { isReachable } from './tiers/reachable.ts';

/**
 * With a file view everything can be shown to the dropped user. Without one, a project below a 0700 home cannot be
 * reached: then the command keeps our user, and the enforcement says that its privileges were not dropped.
 */
export function fitPrivileges(machine: Machine, order: Order): Machine {
  const { privileges, tier } = machine;
  if (!privileges.isRoot || tier.traits.fileView) return machine;
  const needed = [order.workDirectory, ...order.readOnlyPaths, ...programPath(order)];
  const isFit = needed
    .filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined)
    .every((path) => isReachable(path, privileges));
  return isFit ? machine : { ...machine, privileges: { isRoot: true, uid: 0, gid: 0 } };
}

const programPath = ({ argv: [program] }: Order): string[] => (program.startsWith('/') ? [program] : []);
