/** Whether the dropped user can walk to a path, which it must before bubblewrap can bind it. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Privileges } from '../privileges.ts';

/** Looks at permission bits only. An access list that grants more costs one staged mount, never a failure. */
export function isReachable(path: string, user: Privileges): boolean {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (!maySearch(directory, user)) return false;
    if (directory === '/') return true;
  }
}

function maySearch(directory: string, { uid, gid }: Privileges): boolean {
  const facts = statSync(directory);
  if (facts.uid === uid) return (facts.mode & 0o100) !== 0;
  return (facts.mode & (facts.gid === gid ? 0o010 : 0o001)) !== 0;
}
