import { execFile } from 'node:child_process';
import { lstat, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { isAbsent } from './workspace-error.ts';

const run = promisify(execFile);

/**
 * Removes a file or a whole directory, also one whose folders lost their permissions or that nests deeper than a path may
 * be long. Links are removed, never followed. Only for directories that no other process works in.
 */
export async function forceRemove(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (isAbsent(error)) return;
    // A link would be followed by `chmod`; only what is in a directory can be mended here.
    if (!(await lstat(path)).isDirectory()) throw error;
    await run('chmod', ['-R', 'u+rwx', '--', path]);
    await run('rm', ['-rf', '--', path]);
  }
}
