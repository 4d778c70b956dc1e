import { execFile, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** PostgreSQL refuses to run as root: root runs it as this user. */
const USER = 'postgres';
const START_TRIES = 5;
const isRoot = process.getuid?.() === 0;

export interface ClusterOptions {
  /** Made by the cluster, and removed by it; whoever runs the server must be able to reach it. */
  readonly directory: string;
  readonly port: number;
  /** More environment of the server, such as a shim's. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server of its own, durable as by default, that can be killed and started again. */
export class PostgresCluster {
  readonly #options: ClusterOptions;
  readonly #data: string;

  private constructor(options: ClusterOptions) {
    this.#options = options;
    this.#data = join(options.directory, 'data');
  }

  /** Whether this machine has what it takes. */
  static isPossible(): boolean {
    return commandOf('initdb') !== undefined && (!isRoot || spawnSync('id', [USER]).status === 0);
  }

  static async create(options: ClusterOptions): Promise<PostgresCluster> {
    const cluster = new PostgresCluster(options);
    mkdirSync(options.directory, { recursive: true });
    if (isRoot) chownSync(options.directory, userId('-u'), userId('-g'));
    await cluster.#run('initdb', [
      '-D',
      cluster.#data,
      '-U',
      USER,
      '--auth=trust',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ]);
    writeFileSync(join(cluster.#data, 'postgresql.auto.conf'), cluster.#settings());
    return cluster;
  }

  /** By default of its own port, and of the database that every cluster has. */
  url({
    port = this.#options.port,
    database = 'postgres',
  }: { readonly port?: number; readonly database?: string } = {}): string {
    return `postgres://${USER}@127.0.0.1:${port}/${database}`;
  }

  async createDatabase(name: string): Promise<void> {
    await this.#run('createdb', ['-h', '127.0.0.1', '-p', String(this.#options.port), '-U', USER, name]);
  }

  /** Resolves when it takes connections, after whatever recovery it needs. */
  async start(): Promise<void> {
    rmSync(join(this.#data, 'postmaster.pid'), { force: true });
    await this.#run('pg_ctl', [
      '-D',
      this.#data,
      '-l',
      join(this.#options.directory, 'server.log'),
      '-w',
      '-t',
      '60',
      'start',
    ]);
  }

  /** A server that cannot start yet, since its disk is still full, is tried again. */
  async ensureStarted(): Promise<void> {
    for (let tries = 1; this.#postmaster() === undefined; tries += 1)
      await this.start().catch((error: unknown) => {
        if (tries === START_TRIES) throw error;
      });
  }

  /** The postmaster and everything below it, it first. */
  processes(): readonly number[] {
    const postmaster = this.#postmaster();
    return postmaster === undefined ? [] : [postmaster, ...childrenOf(postmaster)];
  }

  /** The power goes off, as far as the processes are concerned. Resolves when none is left. */
  async kill(): Promise<void> {
    const pids = this.processes();
    for (const pid of pids) signal(pid, 'SIGKILL');
    while (pids.some(isAlive)) await sleep(5);
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#options.directory, { recursive: true, force: true });
  }

  #postmaster(): number | undefined {
    const path = join(this.#data, 'postmaster.pid');
    if (!existsSync(path)) return undefined;
    const pid = Number(readFileSync(path, 'utf8').split('\n')[0]);
    return isAlive(pid) ? pid : undefined;
  }

  #settings(): string {
    const { port, directory } = this.#options;
    return [
      "listen_addresses = '127.0.0.1'",
      `port = ${port}`,
      `unix_socket_directories = '${directory}'`,
      'max_connections = 150',
      'shared_buffers = 32MB',
      'log_min_messages = warning',
      '',
    ].join('\n');
  }

  async #run(command: string, words: readonly string[]): Promise<void> {
    const path = commandOf(command) ?? command;
    const [first, ...rest] = isRoot ? ['runuser', '-u', USER, '--', path, ...words] : [path, ...words];
    const env = { ...process.env, ...this.#options.environment };
    await promisify(execFile)(first, rest, { env, cwd: '/' });
  }
}

/** On the path, or where Debian keeps it. */
function commandOf(name: string): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).toSorted((left, right) => Number(right) - Number(left))
    : [];
  const places = [
    ...(process.env['PATH'] ?? '').split(':'),
    ...versions.map((version) => join(debian, version, 'bin')),
  ];
  return places.map((place) => join(place, name)).find((path) => existsSync(path));
}

function userId(which: '-u' | '-g'): number {
  return Number(spawnSync('id', [which, USER], { encoding: 'utf8' }).stdout);
}

function childrenOf(parent: number): readonly number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => (line.trim() === '' ? [] : [Number(line)]));
}

function isAlive(pid: number): boolean {
  return signal(pid, 0);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    // It has ended, which is the answer.
    return false;
  }
}
