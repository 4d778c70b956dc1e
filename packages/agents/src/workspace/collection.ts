import { closeSync, openSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How writers of an object store and a collection that deletes from it keep out of each other's way, over processes.
 *
 * A put first touches `used`, then looks for `collecting`, and waits while it is there. A collection first makes
 * `collecting`, then looks at `used`, and gives up when it is younger than its grace. Whoever comes second sees the
 * other: what a put found in the store, and so did not write again, is not deleted behind its back. The grace is the
 * time from a put to the command or event that names its tree.
 *
 * The mark names the process that collects, so that one which was killed holds nobody up. A process of another process
 * namespace, such as a container's, cannot be judged from here: its mark counts until it is stale.
 */
const POLL_MS = 20;
const UNKNOWN = 'unknown';
/** A mark that is older was left by a process that died, whoever it was. */
const STALE_MS = 10 * 60_000;

export async function announcePut(gitDirectory: string): Promise<void> {
  touch(join(gitDirectory, 'used'));
  const mark = join(gitDirectory, 'collecting');
  while (isCollecting(mark)) await sleep(POLL_MS);
}

/** Does the deleting, unless the store was used within `graceMs`. */
export async function whileCollecting<T>(
  gitDirectory: string,
  graceMs: number,
  collect: () => Promise<T>,
): Promise<T | 'in_use'> {
  const mark = join(gitDirectory, 'collecting');
  writeFileSync(mark, `${process.pid} ${processNamespace()}`);
  try {
    const age = ageOf(join(gitDirectory, 'used'));
    return age !== undefined && age < graceMs ? 'in_use' : await collect();
  } finally {
    rmSync(mark, { force: true });
  }
}

function isCollecting(mark: string): boolean {
  const age = ageOf(mark);
  return age !== undefined && age < STALE_MS && !isGone(mark);
}

/** Whether the process that made the mark is known to have ended. */
function isGone(mark: string): boolean {
  try {
    const [pid = '', namespace = ''] = readFileSync(mark, 'utf8').split(' ');
    if (pid === '' || namespace === UNKNOWN || namespace !== processNamespace()) return false;
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    // The mark is gone, or no such process is there; anything else says that it lives.
    return error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'ENOENT');
  }
}

/** What process ids here belong to. */
function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // No /proc: the mark then counts by its age alone.
    return UNKNOWN;
  }
}

function touch(path: string): void {
  closeSync(openSync(path, 'a'));
  const now = new Date();
  utimesSync(path, now, now);
}

/** Milliseconds since the file was touched; `undefined` when there is none. */
function ageOf(path: string): number | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : Math.max(0, Date.now() - stat.mtimeMs);
}
