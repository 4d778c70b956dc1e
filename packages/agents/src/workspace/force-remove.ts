import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Removes a file or a whole directory, also one whose folders lost their permissions or that nests deeper than a path may
 * be long. Links are removed, never followed. Only for directories that no other process works in.
 */
export async function forceRemove(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    // Whatever stood in the way, these two reach everything by descriptor; if they fail as well, their reason is told.
    await run('chmod', ['-R', 'u+rwx', '--', path]);
    await run('rm', ['-rf', '--', path]);
  }
}
