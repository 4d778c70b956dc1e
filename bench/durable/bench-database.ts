import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A server on which the bench may make databases; the peers that need one have theirs on the same. */
const SERVER = process.env['BENCH_DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const CONNECT_MS = 3_000;

/** Databases of this process that are not dropped yet. */
const made = new Set<string>();

/** Makes an empty database; gives its address. A process that is interrupted drops what it has made. */
export async function makeDatabase(): Promise<string> {
  const name = `vltair_bench_${randomBytes(6).toString('hex')}`;
  if (made.size === 0) for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
  made.add(name);
  await onServer(`CREATE DATABASE ${name}`);
  const address = new URL(SERVER);
  address.pathname = `/${name}`;
  return address.href;
}

/** Whoever is connected to it still is thrown out. */
export async function dropDatabase(address: string): Promise<void> {
  await drop(new URL(address).pathname.slice(1));
}

/** Why no database can be made; `undefined` where a server answers. */
export async function whyNoServer(): Promise<string | undefined> {
  try {
    await onServer('SHOW server_version');
    return undefined;
  } catch (error) {
    const { hostname, port } = new URL(SERVER);
    return `no PostgreSQL server answers at ${hostname}:${port || '5432'}: ${reasonOf(error)}`;
  }
}

/** A setting of the server, as SHOW tells it. */
export async function serverSetting(name: 'server_version' | 'fsync'): Promise<string> {
  return (await onServer(`SHOW ${name}`)).split(' ')[0] ?? '';
}

async function drop(name: string): Promise<void> {
  await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  made.delete(name);
  if (made.size === 0) for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, leave);
}

/** The signal comes again when all is dropped, and nobody listens to it then. */
function leave(signal: NodeJS.Signals): void {
  void Promise.allSettled([...made].map(drop)).then(() => process.kill(process.pid, signal));
}

/** The first column of the first row, which is a text; empty without one. */
async function onServer(statement: string): Promise<string> {
  const client = new pg.Client({ connectionString: SERVER, connectionTimeoutMillis: CONNECT_MS });
  await client.connect();
  try {
    const { rows } = await client.query<(string | null)[]>({ text: statement, rowMode: 'array' });
    return rows[0]?.[0] ?? '';
  } finally {
    await client.end();
  }
}

/** Of a name with several addresses, Node gives one error for all, without a message. */
function reasonOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}
