import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openPostgresStore, type PostgresStoreOptions } from '../src/journal/open-postgres-store.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { aDirectory } from './journal-builders.ts';

/** The server that tests make their databases on. */
const SERVER = process.env['VLTAIR_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** Why tests that need PostgreSQL are left out; `undefined` where there is one. Under CI none may be. */
export const noPostgres = await whyNot();

async function whyNot(): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: SERVER, connectionTimeoutMillis: 3_000 });
  try {
    await client.connect();
    await client.end();
    return undefined;
  } catch (cause) {
    if (process.env['CI'] === 'true') throw new Error('PostgreSQL cannot be reached', { cause });
    return 'no PostgreSQL on 127.0.0.1:5432';
  }
}

/** A database of its own for a test, with a role that is no superuser, and a directory for the key. */
export interface PostgresPlace {
  readonly url: string;
  readonly directory: string;
  open(options?: Partial<PostgresStoreOptions>): Promise<EventStore>;
  /** Statements by the server's superuser, inside the database. */
  sql(text: string): Promise<readonly Record<string, unknown>[]>;
  remove(): Promise<void>;
}

export async function aPostgresPlace(): Promise<PostgresPlace> {
  const name = `vltair_test_${randomBytes(6).toString('hex')}`;
  await onServer(SERVER, `CREATE ROLE ${name} LOGIN NOSUPERUSER`);
  await onServer(SERVER, `CREATE DATABASE ${name} OWNER ${name}`);
  const url = addressOf(name, name);
  const { path: directory, remove } = aDirectory();
  return {
    url,
    directory,
    open: (options) => openPostgresStore({ url, directory, mode: 'write', onWarning: refuseWarning, ...options }),
    sql: (text) => onServer(addressOf(name), text),
    remove: async () => {
      remove();
      await onServer(SERVER, `DROP DATABASE ${name} WITH (FORCE)`);
      await onServer(SERVER, `DROP ROLE ${name}`);
    },
  };
}

function addressOf(database: string, user?: string): string {
  const address = new URL(SERVER);
  address.pathname = `/${database}`;
  if (user !== undefined) address.username = user;
  return address.href;
}

async function onServer(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

function refuseWarning(warning: string): never {
  throw new TypeError(warning);
}
