import { execFile } from 'node:child_process';
import { access, constants, mkdtemp, rm, statfs } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { examineDatabase } from '@vltair/core';
import { removeLeftovers } from '@vltair/sandbox';
import { sandboxOf } from './application.ts';
import type { Configuration } from './environment.ts';

/** One thing that was tried. `weak`: it works with less than it could; `bad`: it has to be mended. */
export interface Finding {
  readonly name: string;
  readonly verdict: 'good' | 'weak' | 'bad';
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

export interface DoctorOptions {
  readonly dataDirectory: string;
  readonly configuration: Configuration;
}

const NODE_MAJOR = 24;
/** Four that read, one that commits, one that listens, two for leases and commands. */
const CONNECTIONS_OF_WORKER = 8;
const LEAST_FREE_BYTES = 256 * 1024 * 1024;

/** Tries what the product needs of the machine, by doing it. */
export async function examineMachine({ dataDirectory, configuration }: DoctorOptions): Promise<readonly Finding[]> {
  const groups = await Promise.all([
    examineGit(),
    examineLeftovers().then(async (leftovers) => [...leftovers, ...(await examineSandbox(configuration))]),
    examineStore(dataDirectory),
    examineServer(configuration),
    examineDisk(dataDirectory),
    examinePython(),
  ]);
  return [examineNode(), ...groups.flat()];
}

function examineNode(): Finding {
  const { node } = process.versions;
  if (Number(node.split('.')[0]) >= NODE_MAJOR) return { name: 'node', verdict: 'good', detail: node };
  return { name: 'node', verdict: 'bad', detail: node, advice: `install Node ${NODE_MAJOR} or later` };
}

async function examineGit(): Promise<readonly Finding[]> {
  const version = /\d+\.\d+(\.\d+)?/.exec((await versionOf('git')) ?? '')?.[0];
  if (version === undefined)
    return [{ name: 'git', verdict: 'bad', detail: 'not found', advice: 'install git 2.30 or later' }];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < 2 || (major === 2 && minor < 30);
  if (isOld) return [{ name: 'git', verdict: 'bad', detail: version, advice: 'install git 2.30 or later' }];
  return [{ name: 'git', verdict: 'good', detail: version }];
}

async function examinePython(): Promise<readonly Finding[]> {
  const version = await versionOf('python3');
  if (version !== undefined) return [{ name: 'python', verdict: 'good', detail: version }];
  const advice = 'install python3 to repair Python projects';
  return [{ name: 'python', verdict: 'weak', detail: 'python3 not found', advice }];
}

const SHOWN = 5;

/** What processes that were killed left behind; removed here, since every start of the sandbox would, too. */
async function examineLeftovers(): Promise<readonly Finding[]> {
  const { removed, remaining } = await removeLeftovers();
  const gone = removed.length === 0 ? [] : [`removed ${removed.length} of processes that were killed`];
  const name = 'leftovers';
  if (remaining.length === 0) return [{ name, verdict: 'good', detail: gone[0] ?? 'none' }];
  const shown = remaining.slice(0, SHOWN).map(({ path, reason }) => `${path} (${reason})`);
  const more = remaining.length > SHOWN ? [`${remaining.length - SHOWN} more`] : [];
  const detail = [...gone, ...shown, ...more].join(', ');
  const words = remaining.map(({ path }) => `'${path}'`).slice(0, SHOWN);
  const advice = `where no vltair works in a container that shares this directory: rm -r ${words.join(' ')}`;
  return [{ name, verdict: 'weak', detail, advice }];
}

async function examineSandbox(configuration: Configuration): Promise<readonly Finding[]> {
  const { tier, variant, mechanisms, advice } = await sandboxOf(configuration).capabilities();
  const parts = Object.entries(mechanisms).map(([name, { available, how, reason }]): Finding => {
    if (available) return { name: `sandbox ${name}`, verdict: 'good', detail: how };
    return { name: `sandbox ${name}`, verdict: 'weak', detail: reason };
  });
  const whole: Finding = {
    name: 'sandbox',
    verdict: parts.some(({ verdict }) => verdict === 'weak') ? 'weak' : 'good',
    detail: variant === 'full' ? tier : `${tier}, ${variant}`,
    ...(advice.length === 0 ? {} : { advice: advice.join('; ') }),
  };
  return [whole, ...parts];
}

async function examineStore(dataDirectory: string): Promise<readonly Finding[]> {
  const place = nearestExisting(dataDirectory);
  try {
    await access(place, constants.W_OK | constants.X_OK);
    const probe = await mkdtemp(join(place, '.vltair-probe-'));
    await rm(probe, { recursive: true });
    return [{ name: 'store', verdict: 'good', detail: `${dataDirectory} can be written` }];
  } catch (error) {
    const advice = `give write permission to ${place}, or set VLTAIR_DATA_DIR`;
    return [{ name: 'store', verdict: 'bad', detail: `${place}: ${messageOf(error)}`, advice }];
  }
}

/** Of a store in a database. */
async function examineServer({ databaseUrl }: Configuration): Promise<readonly Finding[]> {
  if (databaseUrl === undefined) return [];
  const name = 'database';
  try {
    const server = await examineDatabase(databaseUrl, () => Date.now());
    const { version, syncs, connections, maxConnections, clockAheadMs } = server;
    const detail = `PostgreSQL ${version} at ${server.name}, ${connections} of ${maxConnections} connections, clock ${clockAheadMs} ms ahead`;
    if (!syncs)
      return [
        {
          name,
          verdict: 'bad',
          detail: `${detail}, fsync off`,
          advice: 'set fsync = on: a power cut loses what was confirmed',
        },
      ];
    const free = maxConnections - connections;
    const advice = `raise max_connections: a worker takes up to ${CONNECTIONS_OF_WORKER}`;
    if (free < CONNECTIONS_OF_WORKER) return [{ name, verdict: 'weak', detail, advice }];
    return [{ name, verdict: 'good', detail }];
  } catch (error) {
    return [{ name, verdict: 'bad', detail: messageOf(error), advice: 'start the server, or correct DATABASE_URL' }];
  }
}

async function examineDisk(dataDirectory: string): Promise<readonly Finding[]> {
  const place = nearestExisting(dataDirectory);
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const detail = `${Math.round(free / 1024 / 1024)} MB free at ${place}`;
  if (free >= LEAST_FREE_BYTES) return [{ name: 'disk', verdict: 'good', detail }];
  return [{ name: 'disk', verdict: 'bad', detail, advice: 'free some space' }];
}

/** What a program says of its version; `undefined` when it cannot be run. */
async function versionOf(program: string): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, ['--version'], { timeout: 5_000 });
    return `${stdout}${stderr}`.trim().split('\n')[0];
  } catch {
    // Not installed, not executable, or it hangs: for a person who has to install it that is one answer.
    return undefined;
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestExisting(dirname(path));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
