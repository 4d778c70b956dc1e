/**
 * Everything that one command started, from its first wrapper to its last orphan.
 *
 * T1 with a control group the members are the kernel's list; otherwise they are found by parent links, sessions and a marker
 *    in the environment, and remembered while they are watched, so that an orphan in its own session is still known.
 * T2 in a process namespace the death of its first process ends everything in it, so `isGone` waits for that one.
 * T3 `kill` repeats until nothing is left or its time is up; it never trusts a single signal.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ControlGroup } from './control-group.ts';
import { ownerIsAlive } from './private-directory.ts';
import {
  descendants,
  environmentValue,
  identify,
  isAlive,
  proportionalBytes,
  readProcess,
  readProcessTable,
  residentBytes,
  startedWith,
  threadCount,
  type ProcessIdentity,
} from './process-table.ts';

/** Variable by which processes of a sandbox are recognised in /proc; its value names the owner and the command. */
export const MARKER = 'VLTAIR_SANDBOX_ID';

export interface TreeFacts {
  readonly root: ProcessIdentity;
  readonly marker: string;
  readonly group: ControlGroup | undefined;
  readonly processNamespace: boolean;
  /** Host number of the namespace's first process, once the tier reported it. */
  readonly firstProcess: () => number | undefined;
}

export class ProcessTree {
  readonly #facts: TreeFacts;
  readonly #known = new Map<number, ProcessIdentity>();

  constructor(facts: TreeFacts) {
    this.#facts = facts;
    this.#remember(facts.root);
  }

  /** Living processes, wrappers included. */
  members(): ProcessIdentity[] {
    const { group, processNamespace } = this.#facts;
    if (group !== undefined)
      return group
        .members()
        .flatMap((pid) => identify(pid) ?? [])
        .filter(isAlive);
    this.#look(!processNamespace);
    return [...this.#known.values()].filter(isAlive);
  }

  /** Asks the command to end, leaving the wrappers alone: their death would take its chance to write a report. */
  terminate(): void {
    const first = this.#facts.firstProcess();
    for (const { pid } of this.members()) if (pid !== this.#facts.root.pid && pid !== first) signal(pid, 'SIGTERM');
  }

  /** Kills until nothing lives; answers with how many processes got a SIGKILL, or throws when some outlive `boundMs`. */
  async kill(boundMs: number): Promise<number> {
    const killed = new Set<number>();
    const end = performance.now() + boundMs;
    for (let round = 0; ; round += 1) {
      const alive = this.members();
      if (alive.length === 0) return killed.size;
      if (performance.now() > end)
        throw new Error(`${String(alive.length)} processes outlived SIGKILL for ${String(boundMs)} ms`);
      this.#facts.group?.kill();
      if (this.#mayStillFork()) this.#stopAll(alive, end);
      for (const { pid } of alive) {
        killed.add(pid);
        signal(pid, 'SIGKILL');
      }
      await delay(round < 10 ? 1 : 10);
    }
  }

  /** Only a tree that no kernel object holds together has to be chased. */
  #mayStillFork(): boolean {
    return this.#facts.group === undefined && !this.#facts.processNamespace;
  }

  /** Stops everybody first: a stopped process cannot fork and still takes its place below the process limit. */
  #stopAll(found: ProcessIdentity[], end: number): void {
    const stopped = new Set<number>();
    for (let alive = found; performance.now() < end; alive = this.members()) {
      const running = alive.filter(({ pid }) => !stopped.has(pid));
      if (running.length === 0) return;
      for (const { pid } of running) {
        stopped.add(pid);
        signal(pid, 'SIGSTOP');
      }
    }
  }

  /** Whether nothing is left, for a tree whose first wrapper ended by itself. Cheap where the kernel keeps the list. */
  isGone(): boolean {
    const { group, processNamespace, firstProcess } = this.#facts;
    if (group !== undefined) return group.members().length === 0;
    const first = firstProcess();
    if (processNamespace && first !== undefined) return readProcess(first)?.state.match(/[ZX]/) !== null;
    return this.members().length === 0;
  }

  /** Resident bytes of the tree. Shared pages are divided among their users once the plain sum is above `limit`. */
  residentBytes(limit: number): number {
    const pids = this.members().map(({ pid }) => pid);
    const sum = pids.reduce((total, pid) => total + residentBytes(pid), 0);
    return sum <= limit ? sum : pids.reduce((total, pid) => total + proportionalBytes(pid), 0);
  }

  threads(): number {
    return this.members().reduce((total, { pid }) => total + threadCount(pid), 0);
  }

  #look(byMarker: boolean): void {
    const table = readProcessTable();
    const living = table.filter(({ pid, startTime }) => this.#known.get(pid)?.startTime === startTime);
    const roots = new Set(living.map(({ pid }) => pid));
    for (const entry of descendants(table, roots)) this.#remember(entry);
    if (!byMarker) return;
    for (const entry of table) {
      const isOurs = this.#known.has(entry.session) || startedWith(entry.pid, MARKER, this.#facts.marker);
      if (isOurs && entry.pid !== process.pid) this.#remember(entry);
    }
  }

  #remember({ pid, startTime }: ProcessIdentity): void {
    this.#known.set(pid, { pid, startTime });
  }
}

/** Kills processes that carry the marker of an owner that is dead. */
export function killAbandonedProcesses(): void {
  for (const { pid } of readProcessTable()) {
    const owner = environmentValue(pid, MARKER)?.replace(/-\d+$/, '');
    if (owner !== undefined && ownerIsAlive(owner) === false) signal(pid, 'SIGKILL');
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // ESRCH: it ended by itself. EPERM: the number went to somebody else's process meanwhile.
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error;
  }
}
