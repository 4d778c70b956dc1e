import { realpath } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { isAbsent } from './workspace-error.ts';

/** The canonical form of a path, or its absolute form while nothing is there. */
export async function realpathOrSame(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isAbsent(error)) return resolve(path);
    throw error;
  }
}

/** Whether an absolute path is a directory itself or something below it, by name alone. */
export function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}
