/**
 * The private directory of one command: `vltair-<traceId>-<n>` below the temp root.
 *
 * D1 it is created exclusively (mode 0711: the dropped user may pass through, nobody may list it) and removed on every path.
 * D2 it names its owner (process number and start time); a leftover is removed only when that owner is dead.
 * D3 removal never follows a symbolic link and copes with directories that the command made unreadable.
 */
import { existsSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, lstat, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, isAlive } from './process-table.ts';

const OWNER_FILE = 'owner';

export interface PrivateDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Synchronous on purpose: a handful of small calls costs far less than as many trips through the thread pool. */
export function createPrivateDirectory(tempRoot: string, traceId: string): PrivateDirectory {
  const path = claimName(tempRoot, traceId);
  writeFileSync(join(path, OWNER_FILE), ownerText(), { mode: 0o600 });
  return { path, [Symbol.asyncDispose]: () => removePrivateDirectory(path) };
}

/** Names of the folders that a command itself may fill, in tiers without a file view. */
export const SCRATCH_FOLDERS = { home: 'home', temporary: 'tmp' } as const;

async function removePrivateDirectory(path: string): Promise<void> {
  for (const name of Object.values(SCRATCH_FOLDERS))
    if (existsSync(join(path, name))) await removeTree(join(path, name));
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Removes directories whose owner died before it could; answers with the paths removed. */
export async function removeAbandonedDirectories(tempRoot: string): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await readdir(tempRoot)) {
    const path = join(tempRoot, name);
    if (!/^vltair-.+-\d+$/.test(name) || !(await isAbandoned(path))) continue;
    await removeTree(path);
    removed.push(path);
  }
  return removed;
}

/** Removes a tree that a command wrote into, whatever modes it left behind. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (!isDenied(error)) throw error;
    await openDirectories(path);
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Text that names this process for {@link ownerIsAlive}: number, start time, and the namespace that the number belongs to. */
export function ownerText(): string {
  return `${String(process.pid)}-${identify(process.pid)?.startTime ?? '0'}-${processNamespace()}`;
}

/**
 * Whether the process that an {@link ownerText} names still runs; undefined when that cannot be told: the text names
 * nobody, or a process of another namespace (a container that shares the temp root).
 */
export function ownerIsAlive(text: string): boolean | undefined {
  const [, pid, startTime, namespace] = /^(\d+)-(\d+)-(\d+)$/.exec(text) ?? [];
  if (pid === undefined || startTime === undefined || namespace !== processNamespace()) return undefined;
  return isAlive({ pid: Number(pid), startTime });
}

function processNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}

let lastNumber = 0;

function claimName(tempRoot: string, traceId: string): string {
  for (;;) {
    lastNumber += 1;
    const path = join(tempRoot, `vltair-${traceId}-${String(lastNumber)}`);
    try {
      mkdirSync(path, { mode: 0o711 });
      return path;
    } catch (error) {
      // Another process with the same trace took the number: the next one is as good.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const facts = await lstat(path).catch(() => undefined); // gone meanwhile: its owner removed it
  if (facts === undefined || !facts.isDirectory() || facts.uid !== process.getuid?.()) return false;
  const owner = await readFile(join(path, OWNER_FILE), 'utf8').catch(() => ''); // not written yet, or not one of ours
  return ownerIsAlive(owner) === false;
}

async function openDirectories(path: string): Promise<void> {
  const facts = await lstat(path);
  if (!facts.isDirectory()) return;
  await chmod(path, 0o700);
  for (const name of await readdir(path)) await openDirectories(join(path, name));
}

const isDenied = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'ENOTEMPTY');
