/** The places in which every containment test runs: each tier, as root and as an ordinary user. */
import { spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  createSandbox,
  type SandboxOptions,
  type SandboxRequest,
  type SandboxResult,
  type TierName,
} from '../src/index.ts';

export interface Place {
  readonly identity: 'root' | 'user';
  readonly tier: TierName;
}

export const TIERS: readonly TierName[] = ['bubblewrap', 'namespaces', 'process-group'];
export const PLACES: readonly Place[] = (['root', 'user'] as const).flatMap((identity) =>
  TIERS.map((tier) => ({ identity, tier })),
);

/** A user that exists nowhere else, so that nothing but the tests runs as it. */
export const ORDINARY_USER = 48123;

process.setMaxListeners(0);

const isRoot = process.getuid?.() === 0;
const CHILD = join(import.meta.dirname, 'run-requests.ts');

/** Folder of the Node that runs the tests, to be shown to commands that need Node. */
export const NODE = realpathSync(process.execPath);
export const NODE_FOLDER = dirname(dirname(NODE));

/** Why a place cannot be tried by the user who runs the tests; undefined when it can. */
export function placeFault({ identity }: Place): string | undefined {
  if (identity === 'root') return isRoot ? undefined : 'needs root';
  return isRoot && !isOpenToAll(CHILD) ? 'an ordinary user cannot read this checkout' : undefined;
}

/** A directory that the identity owns, gone when this process ends. */
export function aWorkDirectory({ identity }: Place): string {
  const path = mkdtempSync(join(tmpdir(), 'sandbox-work-'));
  process.once('exit', () => rmSync(path, { recursive: true, force: true }));
  chmodSync(path, 0o755);
  mkdirSync(join(path, 'sub'));
  if (isRoot && identity === 'user')
    for (const owned of [path, join(path, 'sub')]) chownSync(owned, ORDINARY_USER, ORDINARY_USER);
  return path;
}

/** Runs requests one after another with the rights of the place; answers with a message when its tier does not work. */
export async function runIn(
  place: Place,
  requests: readonly SandboxRequest[],
  options: SandboxOptions = {},
): Promise<SandboxResult[] | string> {
  const all: SandboxOptions = { ...options, only: place.tier };
  return isRoot && place.identity === 'user' ? runInChild(all, requests) : runHere(all, requests);
}

export async function runHere(
  options: SandboxOptions,
  requests: readonly SandboxRequest[],
): Promise<SandboxResult[] | string> {
  const sandbox = createSandbox(options);
  const { tier, advice, mechanisms } = await sandbox.capabilities();
  if (tier === 'none') return [mechanisms.processTree.reason, ...advice].join('; ');
  const results: SandboxResult[] = [];
  for (const request of requests) results.push(await sandbox.run(request));
  return results;
}

async function runInChild(
  options: SandboxOptions,
  requests: readonly SandboxRequest[],
): Promise<SandboxResult[] | string> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ options, requests })], {
    uid: ORDINARY_USER,
    gid: ORDINARY_USER,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout)) as SandboxResult[] | string;
}

function isOpenToAll(path: string): boolean {
  accessSync(path, constants.R_OK);
  for (let directory = dirname(path); directory !== '/'; directory = dirname(directory)) {
    if ((statSync(directory).mode & 0o001) === 0) return false;
  }
  return true;
}

/** Where a test runs that is about one tier and no identity: as the user who runs the tests. */
export function hereIn(tier: TierName): Place {
  return { identity: isRoot ? 'root' : 'user', tier };
}

/** A small, short command in a fresh work directory. */
export function aRequest(argv: SandboxRequest['argv'], overrides: Partial<SandboxRequest> = {}): SandboxRequest {
  const workDirectory = aWorkDirectory(hereIn('bubblewrap'));
  return { argv, workDirectory, limits: { wallTimeMs: 10_000 }, traceId: 'test', ...overrides };
}
