/** Finds the programs of the system that a tier starts itself. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where system programs live. The request's PATH has no say in what we start ourselves. */
const SYSTEM_DIRECTORIES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin'];

/** Absolute path of a system program; its usual place when it is missing, so that the start fails and names it. */
export function systemProgram(name: string): string {
  return SYSTEM_DIRECTORIES.map((directory) => join(directory, name)).find(isExecutable) ?? join('/usr/bin', name);
}

export function hasSystemProgram(name: string): boolean {
  return isExecutable(systemProgram(name));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Not there or not ours to run: no program for us.
  }
}
