/**
 * Control groups: memory and process limits that the kernel holds and counts.
 *
 * G1 a group is named `vltair-<owner>-<n>` with the text of `ownerText`: a leftover of a dead owner can be told from a living one's.
 * G2 killing first stops forks (`pids.max` 0), so that it converges against a fork bomb.
 * G3 verdicts about memory come from the counters read here, never from an exit code.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ownerIsAlive, ownerText } from './private-directory.ts';

/** Where groups can be made: one directory for v2, one for each controller for v1. */
export interface GroupParents {
  readonly version: 1 | 2;
  readonly memory: string;
  readonly processes: string;
}

export interface GroupLimits {
  readonly memoryBytes: number | undefined;
  readonly processes: number;
}

let lastNumber = 0;

export class ControlGroup {
  readonly version: 1 | 2;
  readonly #memory: string;
  readonly #processes: string;

  constructor(parents: GroupParents, limits: GroupLimits) {
    lastNumber += 1;
    const name = `vltair-${ownerText()}-${String(lastNumber)}`;
    this.version = parents.version;
    this.#memory = join(parents.memory, name);
    this.#processes = join(parents.processes, name);
    for (const directory of this.directories) mkdirSync(directory);
    writeFileSync(join(this.#processes, 'pids.max'), String(limits.processes));
    if (limits.memoryBytes !== undefined) this.#limitMemory(limits.memoryBytes);
  }

  get directories(): readonly string[] {
    return [...new Set([this.#memory, this.#processes])];
  }

  members(): number[] {
    const lines = this.directories.flatMap((directory) => read(join(directory, 'cgroup.procs')).split('\n'));
    return [...new Set(lines.filter((line) => line !== '').map(Number))];
  }

  /** Times that the kernel killed a process of this group for want of memory. */
  memoryKills(): number {
    return counter(join(this.#memory, this.version === 1 ? 'memory.oom_control' : 'memory.events'), 'oom_kill');
  }

  /** Times that a fork was refused. */
  refusedForks(): number {
    return counter(join(this.#processes, 'pids.events'), 'max');
  }

  /** Stops forks and sends SIGKILL to every member once. */
  kill(): void {
    stopAndKill(this.#processes, this.members());
  }

  /** Removes the empty group. Retried for a moment: the kernel releases the last member a little after its death. */
  async remove(): Promise<void> {
    for (const directory of this.directories) await removeGroup(directory);
  }

  #limitMemory(bytes: number): void {
    if (this.version === 1) {
      writeFileSync(join(this.#memory, 'memory.limit_in_bytes'), String(bytes));
      const withSwap = join(this.#memory, 'memory.memsw.limit_in_bytes');
      if (existsSync(withSwap)) writeFileSync(withSwap, String(bytes));
      return;
    }
    writeFileSync(join(this.#memory, 'memory.max'), String(bytes));
    const swap = join(this.#memory, 'memory.swap.max');
    if (existsSync(swap)) writeFileSync(swap, '0');
  }
}

/** Kills and removes groups whose owner died; answers with how many. */
export async function removeAbandonedGroups(parents: GroupParents): Promise<number> {
  let removed = 0;
  for (const parent of new Set([parents.memory, parents.processes])) {
    for (const name of readdirSync(parent)) {
      const owner = /^vltair-(\d+-\d+-\d+)-\d+$/.exec(name)?.[1];
      if (owner === undefined || ownerIsAlive(owner) !== false) continue;
      const directory = join(parent, name);
      stopAndKill(directory, read(join(directory, 'cgroup.procs')).split('\n').filter(Boolean).map(Number));
      await removeGroup(directory);
      removed += 1;
    }
  }
  return removed;
}

function stopAndKill(directory: string, members: readonly number[]): void {
  const limit = join(directory, 'pids.max');
  if (existsSync(limit)) writeFileSync(limit, '0');
  const killSwitch = join(directory, 'cgroup.kill');
  if (existsSync(killSwitch)) return writeFileSync(killSwitch, '1');
  for (const pid of members) sendKill(pid);
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it ended by itself between the listing and the signal, which is what we want.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function removeGroup(directory: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      if (!existsSync(directory)) return;
      if (attempt === 200) throw new Error(`control group ${basename(directory)} cannot be removed`, { cause: error });
      await delay(attempt < 20 ? 1 : 10);
    }
  }
}

function counter(path: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(read(path))?.[1] ?? 0);
}

/** A group that is gone has no members and no counts. */
function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
