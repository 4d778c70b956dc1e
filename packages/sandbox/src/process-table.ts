/** Reads /proc: who is alive, who descends from whom, how much memory a tree holds. */
import { readFileSync, readdirSync, statSync } from 'node:fs';

/** A process number is reused; together with the start time it names one process until the machine restarts. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTime: string;
}

export interface ProcessEntry extends ProcessIdentity {
  readonly parent: number;
  readonly session: number;
  /** `Z` and `X` are dead processes that nobody has collected yet. */
  readonly state: string;
}

export function readProcess(pid: number): ProcessEntry | undefined {
  const text = readProc(`/proc/${String(pid)}/stat`);
  if (text === undefined) return undefined;
  // The name in parentheses may hold spaces and parentheses itself: the fields start after the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = 'X', parent = '0', , session = '0'] = fields;
  return { pid, state, parent: Number(parent), session: Number(session), startTime: fields[19] ?? '' };
}

/** Every process that this process may see, dead ones left out. */
export function readProcessTable(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== undefined)
    .filter((entry) => !isDead(entry));
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = readProcess(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && !isDead(now);
}

export function identify(pid: number): ProcessIdentity | undefined {
  const entry = readProcess(pid);
  return entry === undefined ? undefined : { pid, startTime: entry.startTime };
}

/** Processes below the roots by parent links; the roots themselves are not part of the answer. */
export function descendants(table: readonly ProcessEntry[], roots: ReadonlySet<number>): ProcessEntry[] {
  const family = new Set(roots);
  let size = 0;
  while (size !== family.size) {
    size = family.size;
    for (const entry of table) if (family.has(entry.parent)) family.add(entry.pid);
  }
  return table.filter((entry) => family.has(entry.pid) && !roots.has(entry.pid));
}

/** Whether the environment that the process was started with holds `NAME=value`; false when it may not be read. */
export function startedWith(pid: number, name: string, value: string): boolean {
  return (
    readProc(`/proc/${String(pid)}/environ`)
      ?.split('\0')
      .includes(`${name}=${value}`) ?? false
  );
}

export function environmentValue(pid: number, name: string): string | undefined {
  const found = readProc(`/proc/${String(pid)}/environ`)
    ?.split('\0')
    .find((entry) => entry.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

/** Anonymous and shared-memory bytes that are resident; file pages do not count, the kernel can drop them. */
export function residentBytes(pid: number): number {
  const status = readProc(`/proc/${String(pid)}/status`) ?? '';
  const kilobytes = ['RssAnon', 'RssShmem'].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0),
  );
  return kilobytes.reduce((sum, value) => sum + value, 0) * 1024;
}

/** Bytes with shared pages divided among their users: exact for forks, but slow to read. */
export function proportionalBytes(pid: number): number {
  const rollup = readProc(`/proc/${String(pid)}/smaps_rollup`);
  const pss = rollup === undefined ? undefined : /^Pss:\s+(\d+)/m.exec(rollup)?.[1];
  return pss === undefined ? residentBytes(pid) : Number(pss) * 1024;
}

export function threadCount(pid: number): number {
  return Number(/^Threads:\s+(\d+)/m.exec(readProc(`/proc/${String(pid)}/status`) ?? '')?.[1] ?? 0);
}

const isDead = (entry: ProcessEntry): boolean => entry.state === 'Z' || entry.state === 'X';

/** Processes and threads that run as a user, as RLIMIT_NPROC counts them. */
export function threadsOfUser(uid: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const own = pids.filter((pid) => statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === uid);
  return own.reduce((total, pid) => total + threadCount(Number(pid)), 0);
}

/** A process may end between two reads, and another user's may be closed to us: both mean "nothing to see here". */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
