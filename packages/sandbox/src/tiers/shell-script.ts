/** Lines of the small POSIX shell scripts that join the control group, set limits and hand over to the next program. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { Preparation } from './launch.ts';

/** Where system programs live. The request's PATH has no say in what we start ourselves. */
const SYSTEM_DIRECTORIES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

export const SHELL = '/bin/sh';
export const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

export function quote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

/** Absolute path of a system program; its usual place when it is missing, so that the start fails and names it. */
export function systemProgram(name: string): string {
  return SYSTEM_DIRECTORIES.map((directory) => join(directory, name)).find(isExecutable) ?? join('/usr/bin', name);
}

export function hasSystemProgram(name: string): boolean {
  return isExecutable(systemProgram(name));
}

/** Joins the control group with the shell's own number, which every later exec keeps. */
export function joinGroup({ group }: Preparation): string[] {
  return (group?.directories ?? []).map(
    (directory) => `echo $$ > ${quote([join(directory, 'cgroup.procs')])} || exit 125`,
  );
}

/** Resource limits that every later exec inherits. CPU time ends in SIGXCPU first, one second later in SIGKILL. */
export function resourceLimits({ order: { limits } }: Preparation): string[] {
  const cpu = limits.cpuSeconds;
  return [
    'ulimit -c 0',
    // POSIX counts in blocks of 512 bytes.
    `ulimit -f ${String(Math.max(1, Math.ceil(limits.fileBytes / 512)))} || exit 125`,
    ...(cpu === undefined ? [] : [`ulimit -Ht ${String(cpu + 1)} && ulimit -St ${String(cpu)} || exit 125`]),
  ];
}

/** dash and busybox spell the process limit -p, bash and ksh -u. */
export function processLimit(processes: number): string {
  return `ulimit -u ${String(processes)} 2>/dev/null || ulimit -p ${String(processes)} || exit 125`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
