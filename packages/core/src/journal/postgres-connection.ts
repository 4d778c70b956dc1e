import pg from 'pg';
import { VltairError } from '@vltair/protocol';

/** Everything of a store lies in this schema: its database may hold more than the store. */
export const SCHEMA = 'vltair';

/** Whoever has it is the only one who adds to the log. */
export const COMMIT_LOCK = "SELECT pg_advisory_xact_lock(hashtext('vltair commit'))";

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

/** What an address may not say of a connection: the store decides it. */
const OURS = [
  'application_name',
  'client_encoding',
  'idle_in_transaction_session_timeout',
  'lock_timeout',
  'query_timeout',
  'statement_timeout',
];

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
  const address = parseAddress(url);
  const theirs = address.searchParams.get('options') ?? '';
  for (const name of ['options', ...OURS]) address.searchParams.delete(name);
  return {
    connectionString: address.href,
    application_name: 'vltair',
    options: [theirs, ...settings.map((setting) => `-c ${setting}`)].join(' ').trim(), // the last one stands
    query_timeout: statementMs + ANSWER_MS,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    pipeline: true,
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  };
}

/** How long a server may take to say good-bye. */
const END_MS = 2_000;

/** Ends a connection; one whose server does not answer is cut. Never rejects. */
export async function endClient(client: pg.Client): Promise<void> {
  const cut = setTimeout(() => streamOf(client).destroy(), END_MS);
  await client.end().catch(() => {
    // It has gone already: nothing is left of it to close.
  });
  clearTimeout(cut);
}

/** The socket; the types of the library do not show it. */
function streamOf(client: pg.Client): { destroy(): void } {
  return (client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream;
}

/** The address for people: without its password. @throws VltairError for what is no address. */
export function describeAddress(url: string): string {
  const { protocol, username, hostname, port, pathname, searchParams } = parseAddress(url);
  const user = username === '' ? '' : `${username}@`;
  const elsewhere = ['host', 'port'].flatMap((name) =>
    searchParams.has(name) ? [`${name}=${searchParams.get(name) ?? ''}`] : [],
  );
  const query = elsewhere.length === 0 ? '' : `?${elsewhere.join('&')}`;
  return `${protocol}//${user}${hostname}${port === '' ? '' : `:${port}`}${pathname}${query}`;
}

/** What is wrong with an address is not shown: it may hold a password. */
function parseAddress(url: string): URL {
  const address = URL.parse(url);
  const isOurs = address?.protocol === 'postgres:' || address?.protocol === 'postgresql:';
  // A password with a slash, a hash or an at that is not escaped would be read as something else, and be shown.
  if (address !== null && isOurs && address.hash === '' && /^(?:\/[^/@]*)?$/u.test(address.pathname)) return address;
  throw new VltairError('invalid_argument/usage', {
    detail:
      'DATABASE_URL is no address of the form postgres://user:password@host:port/database, its special characters escaped',
    where: 'DATABASE_URL',
  });
}

const INT8 = 20;

/** Counts and positions are safe integers; whatever is not shows as damage where it is read. */
function typeParser(oid: number, format?: 'text' | 'binary'): unknown {
  return oid === INT8 ? Number : pg.types.getTypeParser(oid, format ?? 'text');
}

/** Backslash and white space have a meaning among the options of a connection. */
function escapeOption(value: string): string {
  if (value.includes('\0')) throw new TypeError('a tenant is well-formed text');
  return value.replaceAll(/[\\\s]/gu, String.raw`\$&`);
}
