/** Lines of the small POSIX shell scripts that join the control group, set limits and hand over to the next program. */
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadsOfUser } from '../process-table.ts';
import type { Preparation } from './launch.ts';

export const SHELL = '/bin/sh';
export const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

export function quote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

/** Joins the control group with the shell's own number, which every later exec keeps. */
export function joinGroup({ group }: Preparation): string[] {
  return (group?.directories ?? []).map(
    (directory) => `echo $$ > ${quote([join(directory, 'cgroup.procs')])} || exit 125`,
  );
}

/**
 * Resource limits that every later exec inherits. CPU time ends in SIGXCPU first, one second later in SIGKILL. A limit
 * that cannot be set lies above an inherited hard one, which is stricter already.
 */
export function resourceLimits({ order: { limits } }: Preparation): string[] {
  const cpu = limits.cpuSeconds;
  // POSIX counts file sizes in blocks of 512 bytes.
  const blocks = Math.max(1, Math.ceil(limits.fileBytes / 512));
  const wanted = [
    '-c 0',
    `-f ${String(blocks)}`,
    ...(cpu === undefined ? [] : [`-St ${String(cpu)}`, `-Ht ${String(cpu + 1)}`]),
  ];
  return wanted.map((limit) => `ulimit ${limit} 2>/dev/null || :`);
}

/** The process limit where nothing but this sandbox is counted; a control group makes it needless. */
export function processLimit({ order, group }: Preparation): string[] {
  return group === undefined ? [limitProcesses(order.limits.processes)] : [];
}

/**
 * A ceiling that makes a fork bomb finite, so that a sweep can win. It counts all processes of the user, hence the room
 * above those that run now; the limit that was asked for is watched by the supervisor. It binds no root.
 */
export function processCeiling({ order, group, privileges }: Preparation): string[] {
  if (group !== undefined) return [];
  return [limitProcesses(threadsOfUser(privileges.uid) + order.limits.processes + CEILING_ROOM)];
}

const CEILING_ROOM = 256;

/** dash and busybox spell the process limit -p, bash and ksh -u. */
function limitProcesses(processes: number): string {
  return `ulimit -u ${String(processes)} 2>/dev/null || ulimit -p ${String(processes)} 2>/dev/null || :`;
}

/** Writes a script that only its reader may see: it holds the command's variables, which may be secrets. */
export function writeScript(
  { directory, privileges }: Preparation,
  name: string,
  lines: readonly string[],
  readBy: 'us' | 'command',
): string {
  const path = join(directory, name);
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  if (readBy === 'command' && privileges.isRoot) chownSync(path, privileges.uid, privileges.gid);
  return path;
}
