/** Finds where this process may make control groups, by making one and removing it. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownerText } from './private-directory.ts';
import type { GroupParents } from './control-group.ts';
import type { ControlGroupReport } from './port.ts';

export type GroupSearch = { readonly parents: GroupParents } | { readonly parents: undefined; readonly reason: string };

/** Version 2 where it has the controllers, else version 1; `versions` narrows the search. */
export function findGroupParents(versions: readonly (1 | 2)[] = [2, 1]): GroupSearch {
  const reasons: string[] = [];
  for (const version of versions) {
    try {
      return { parents: version === 2 ? unifiedParents() : legacyParents() };
    } catch (error) {
      // A version that cannot be used is a finding, not a failure: the reason goes to the capabilities.
      reasons.push(`v${String(version)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { parents: undefined, reason: `no control group can be made (${reasons.join('; ')})` };
}

/** Whether version 2 can be used here, and whether the groups that a command ran in are of it. */
export function reportVersion2(used: GroupSearch | undefined): ControlGroupReport {
  const found = findGroupParents([2]);
  const detected = found.parents !== undefined;
  const applied = used?.parents?.version === 2;
  const keptOut = detected && !applied && used !== undefined;
  return { enabledEnv: true, detected, applied, reason: reasonOf(keptOut ? used : found) };
}

function reasonOf(search: GroupSearch): string {
  return search.parents === undefined ? search.reason : `control group v${String(search.parents.version)}`;
}

/** Our own group when it hands controllers down, else its parent (where a user manager made our sibling groups). */
function unifiedParents(): GroupParents {
  const own = ownGroup((controllers) => controllers === '', 'cgroup2', undefined);
  const candidates = own.path === own.root ? [own.path] : [own.path, dirname(own.path)];
  const parent = candidates.find((path) => handsDown(path)) ?? candidates.find((path) => canHandDown(path));
  if (parent === undefined) throw new Error('the memory and pids controllers are not delegated to us');
  tryGroup(parent, ['memory.max', 'pids.max']);
  return { version: 2, memory: parent, processes: parent };
}

function legacyParents(): GroupParents {
  const find = (controller: string): string =>
    ownGroup((controllers) => controllers.split(',').includes(controller), 'cgroup', controller).path;
  const parents: GroupParents = { version: 1, memory: find('memory'), processes: find('pids') };
  tryGroup(parents.memory, ['memory.limit_in_bytes']);
  tryGroup(parents.processes, ['pids.max']);
  return parents;
}

function handsDown(path: string): boolean {
  const file = join(path, 'cgroup.subtree_control');
  const controllers = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [];
  return controllers.includes('memory') && controllers.includes('pids') && isWritable(join(path, 'cgroup.procs'));
}

function canHandDown(path: string): boolean {
  try {
    writeFileSync(join(path, 'cgroup.subtree_control'), '+memory +pids');
    return handsDown(path);
  } catch {
    return false; // Not there or not ours: either way nothing to use. // no controller, no right, or a group that holds processes itself: not usable
  }
}

function tryGroup(parent: string, files: readonly string[]): void {
  const path = join(parent, `vltair-${ownerText()}-0`);
  mkdirSync(path);
  const missing = files.find((file) => !isWritable(join(path, file)));
  rmdirSync(path);
  if (missing !== undefined) throw new Error(`${missing} is not writable below ${parent}`);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false; // Not there or not ours: either way nothing to use.
  }
}

interface OwnGroup {
  readonly path: string;
  readonly root: string;
}

function ownGroup(matches: (controllers: string) => boolean, type: string, option: string | undefined): OwnGroup {
  const line = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .map((text) => /^\d+:([^:]*):(.*)$/.exec(text))
    .find((match) => match !== null && matches(match[1] ?? ''));
  const mount = groupMount(type, option);
  if (line?.[2] === undefined || mount === undefined) throw new Error(`no ${option ?? type} hierarchy is mounted`);
  const below = line[2].startsWith(mount.shows) ? line[2].slice(mount.shows.length) : '';
  const path = join(mount.at, below);
  if (!existsSync(path)) throw new Error(`our own group ${path} is not visible`);
  return { path: path.replace(/(?<=.)\/$/, ''), root: mount.at };
}

/** `shows` is the part of the hierarchy that the mount makes visible, without a trailing slash. */
function groupMount(type: string, option: string | undefined): { at: string; shows: string } | undefined {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , shows = '', at = ''] = left.split(' ');
    const [found, , options = ''] = right.split(' ');
    if (found !== type || (option !== undefined && !options.split(',').includes(option))) continue;
    return { at, shows: shows === '/' ? '' : shows };
  }
  return undefined;
}
