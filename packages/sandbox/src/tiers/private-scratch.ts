/** HOME and TMPDIR on the host, for tiers without a file view: private, but not bounded in size. */
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SCRATCH_FOLDERS } from '../private-directory.ts';
import type { Preparation } from './launch.ts';

export function privateScratch({ directory, privileges }: Preparation): { home: string; temporary: string } {
  const make = (name: string): string => {
    const path = join(directory, name);
    mkdirSync(path, { mode: 0o700 });
    if (privileges.isRoot) chownSync(path, privileges.uid, privileges.gid);
    return path;
  };
  return { home: make(SCRATCH_FOLDERS.home), temporary: make(SCRATCH_FOLDERS.temporary) };
}
