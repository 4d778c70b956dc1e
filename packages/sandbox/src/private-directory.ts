/**
 * The private directory of one command: `vltair-<traceId>-<n>` below the temp root.
 *
 * D1 it is created exclusively (mode 0711: the dropped user may pass through, nobody may list it) and removed on every path.
 * D2 it names its owner (process number and start time) in a file that no command could have made; a leftover is removed only
 *    when that owner is dead. Root may have handed the directory itself over to the user that commands run as.
 * D3 removal never follows a symbolic link and copes with directories that the command made unreadable.
 * D4 no other process gives a directory the same name: what one process has found abandoned cannot be a living one's by the
 *    time that it removes it, although a third has removed it and made it again.
 */
import { existsSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, lstat, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, isAlive } from './process-table.ts';
import { commandOwner } from './privileges.ts';

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

/** Private directories that nobody removed. */
export interface Leftovers {
  /** Paths that are gone by now: their owners are dead. */
  readonly removed: readonly string[];
  /** Directories of this user that are still there, and why. */
  readonly remaining: readonly { readonly path: string; readonly reason: string }[];
}

/** Removes directories whose owner died before it could. One that cannot be removed keeps nobody from working. */
export async function removeAbandonedDirectories(tempRoots: Iterable<string>): Promise<Leftovers> {
  const removed: string[] = [];
  const remaining: { path: string; reason: string }[] = [];
  for (const path of await privateDirectoriesIn(tempRoots)) {
    const state = await stateOf(path);
    if (state === 'abandoned') {
      const fault = await faultOfRemoval(path);
      if (fault === undefined) removed.push(path);
      else remaining.push({ path, reason: `it cannot be removed: ${fault}` });
    } else if (state === 'unknown') remaining.push({ path, reason: 'nobody here can tell whether its owner lives' });
  }
  return { removed, remaining };
}

async function privateDirectoriesIn(tempRoots: Iterable<string>): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const root of new Set(tempRoots)) {
    const names = await readdir(root);
    paths.push(...names.filter((name) => /^vltair-.+-\d+$/.test(name)).map((name) => join(root, name)));
  }
  return paths.toSorted();
}

async function faultOfRemoval(path: string): Promise<string | undefined> {
  try {
    await removeTree(path);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error); // told to whoever asks what is left
  }
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

/** D4: the numbers of a process begin with its own. */
let lastNumber = process.pid * 1_000_000;

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

/** A directory gets its owner's name at once; one that has none after this time lost its maker in between, or is not ours. */
const NAMELESS_MS = 60_000;

async function stateOf(path: string): Promise<'alive' | 'abandoned' | 'unknown' | 'not_ours'> {
  const facts = await lstat(path).catch(() => undefined); // gone meanwhile: its owner removed it
  const uids = [process.getuid?.(), commandOwner()?.uid];
  if (facts === undefined || !facts.isDirectory() || !uids.includes(facts.uid)) return 'not_ours';
  const owner = await readOwner(join(path, OWNER_FILE));
  if (owner === undefined) return Date.now() - facts.mtimeMs < NAMELESS_MS ? 'alive' : 'unknown';
  const isAliveNow = ownerIsAlive(owner);
  if (isAliveNow === undefined) return 'unknown';
  return isAliveNow ? 'alive' : 'abandoned';
}

/** Undefined when it is not written yet, or was not written by this user. */
async function readOwner(path: string): Promise<string | undefined> {
  const facts = await lstat(path).catch(() => undefined); // not written yet: the same as a file of somebody else
  if (facts === undefined || !facts.isFile() || facts.uid !== process.getuid?.()) return undefined;
  return await readFile(path, 'utf8').catch(() => undefined); // gone meanwhile: its owner removed it
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
