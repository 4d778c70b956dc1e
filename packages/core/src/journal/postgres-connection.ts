import pg from 'pg';
import { VltairError } from '@vltair/protocol';

/** Everything of a store lies in this schema: its database may hold more than the store. */
export const SCHEMA = 'vltair';

export interface PostgresAddress {
  /** `postgres://user:password@host:port/database`; what it leaves out comes from the `PG*` variables. */
  readonly url: string;
  /** Sees and writes the runs of one tenant alone; absent: all. */
  readonly tenant?: string;
}

const CONNECT_MS = 10_000;
/** The server gives a statement up; the client gives up the server a little later. */
const ANSWER_MS = 2_000;
/** A writer that is stopped in the middle of a commit holds all others back for at most this long. */
const STALLED_MS = 3_000;
const KEEP_ALIVE_MS = 10_000;

/** How every connection to the store is made. A statement may take `statementMs`; statements do not wait for each other's answers. */
export function clientConfig({ url, tenant = '*' }: PostgresAddress, statementMs: number): pg.ClientConfig {
  const settings = [
    `search_path=${SCHEMA}`,
    `vltair.tenant=${escapeOption(tenant)}`,
    'synchronous_commit=on',
    'client_min_messages=warning',
    `statement_timeout=${statementMs}`,
    `idle_in_transaction_session_timeout=${STALLED_MS}`,
  ];
  return {
    connectionString: url,
    application_name: 'vltair',
    options: settings.map((setting) => `-c ${setting}`).join(' '),
    query_timeout: statementMs + ANSWER_MS,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    pipeline: true,
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  };
}

/** The address for people: without its password. @throws VltairError for what is no address. */
export function describeAddress(url: string): string {
  try {
    const { protocol, username, hostname, port, pathname } = new URL(url);
    if (protocol !== 'postgres:' && protocol !== 'postgresql:') throw new TypeError('another protocol');
    const user = username === '' ? '' : `${username}@`;
    return `${protocol}//${user}${hostname}${port === '' ? '' : `:${port}`}${pathname}`;
  } catch {
    // What is wrong with it is not shown: it may hold a password.
    throw new VltairError('invalid_argument/usage', {
      detail: 'DATABASE_URL is no address of the form postgres://user:password@host:port/database',
      where: 'DATABASE_URL',
    });
  }
}

const INT8 = 20;

/** Counts and positions are safe integers; whatever is not shows as damage where it is read. */
function typeParser(oid: number, format?: 'text' | 'binary'): unknown {
  return oid === INT8 ? Number : pg.types.getTypeParser(oid, format ?? 'text');
}

/** Backslash and space have a meaning among the options of a connection. */
function escapeOption(value: string): string {
  return value.replaceAll(/[\\ ]/gu, String.raw`\$&`);
}
