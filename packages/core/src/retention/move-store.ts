import type { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { VltairError } from '@vltair/protocol';
import { askAddKey, commitsAfter, hasCommit, type NewestCommit, signersOfStore } from '../journal/commit-table.ts';
import { readCounts } from '../journal/journal-reads.ts';
import { clientConfig, COMMIT_LOCK, describeAddress, endClient } from '../journal/postgres-connection.ts';
import { PostgresDriver } from '../journal/postgres-driver.ts';
import { postgresError } from '../journal/postgres-error.ts';
import { makePostgresCurrent } from '../journal/postgres-schema.ts';
import { integerIn, type Row, textIn } from '../journal/row.ts';
import { readStoreKey, type StoreKey } from '../journal/signing-key.ts';
import { SqliteDriver } from '../journal/sqlite-driver.ts';
import { openReading, openWriting } from '../journal/sqlite-file.ts';
import { ask, askAll, batch, type Parameters, type Statement, statement, type Work } from '../journal/statement.ts';
import { endOfLog, type EndOfLog } from '../journal/store-epoch.ts';
import { placeOf, putPlace, removePlace, type StorePlace } from '../journal/store-place.ts';
import { verifyCommits } from '../journal/verify-commits.ts';
import type { RunStatus } from '../ports/event-store.ts';
import { whileOwning } from './compact-store.ts';

export interface MoveWish {
  /** The data directory; its store has no owner. */
  readonly directory: string;
  /** A PostgreSQL database without a store. */
  readonly to: string;
  readonly now: number;
  /** Rows that were copied, of how many. */
  readonly progress: (done: number, total: number) => void;
}

export interface MovedStore {
  /** Where it is now, for people. */
  readonly to: string;
  readonly commits: number;
  readonly lastPosition: number;
  readonly runs: Readonly<Record<RunStatus, number>>;
}

/** In the order in which rows refer to each other. */
const TABLES = [
  'runs',
  'blobs',
  'events',
  'keys',
  'commits',
  'snapshots',
  'inbox',
  'answered',
  'archive',
  'archived_events',
  'identities',
] as const;
/** Tables whose rows are numbered as they come. */
const COUNTED = ['runs', 'inbox', 'identities'] as const;
const ROWS_AT_A_TIME = 500;
const BYTES_AT_A_TIME = 8 * 1024 * 1024;
const STATEMENT_MS = 600_000;

/**
 * Moves a store from a data directory into a PostgreSQL database, with every run, command and answer in it. The key and
 * the objects of the workspaces stay where they are.
 *
 * M1 Fenced first: from the first byte on nobody writes the old place; whoever tries is told where the store is going.
 * M2 The new place has all of it or nothing: one transaction, which is committed after the copy was verified against the
 *    signed commits and the counts of the old place.
 * M3 A move that was cut short at any moment is ended by the same call, or taken back by {@link abortMove} when the new
 *    place has nothing. The two places never both take writes.
 *
 * @throws VltairError `unavailable/store_locked`, `not_found/store`, `invalid_argument/not_empty`,
 * `unavailable/store_unreachable`, `internal/chain_broken`.
 */
export async function moveStore(wish: MoveWish): Promise<MovedStore> {
  const { directory, now, progress } = wish;
  const to = describeAddress(wish.to);
  return await whileOwning(directory, now, async () => {
    const place = requireSamePlace(directory, to);
    const source = new SqliteDriver(openWriting(directory));
    const key = readStoreKey(directory);
    try {
      const moved = await inDatabase(wish.to, to, async (client) => {
        await makePostgresCurrent(client, key);
        if (place?.state !== 'moved') putPlace(directory, { state: 'moving', to, ts: now });
        source.database.exec('BEGIN IMMEDIATE'); // M1: what others have put into the inbox is here, or is refused
        return await copyOrFind(client, source, { key, progress });
      });
      putPlace(directory, { state: 'moved', to, ts: now });
      return { to, ...moved };
    } finally {
      source.database.close();
    }
  });
}

/** Takes a move back that has not come through. @throws VltairError `unavailable/store_moved` when it has. */
export async function abortMove({ directory, to, now }: Omit<MoveWish, 'progress'>): Promise<void> {
  const name = describeAddress(to);
  await whileOwning(directory, now, async () => {
    const place = requireSamePlace(directory, name);
    if (place === undefined) return;
    const source = new SqliteDriver(openReading(directory));
    try {
      const isThere = await inDatabase(to, name, async (client) => {
        await beginAlone(client);
        return await isSameStore(client, source);
      });
      if (isThere || place.state === 'moved')
        throw new VltairError('unavailable/store_moved', { detail: `${directory} to ${place.to}`, where: directory });
      removePlace(directory);
    } finally {
      source.database.close();
    }
  });
}

/** A move that has begun is ended, or taken back, where it was going. */
function requireSamePlace(directory: string, to: string): StorePlace | undefined {
  const place = placeOf(directory);
  if (place === undefined || place.to === to) return place;
  throw new VltairError('unavailable/store_moving', {
    detail: `${directory} to ${place.to}, not ${to}`,
    where: directory,
  });
}

/** M3. What a mover that is gone has sent is committed or not when this resolves, and nobody else adds to the new place. */
async function beginAlone(client: pg.Client): Promise<void> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
  await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
  await client.query(COMMIT_LOCK);
}

async function inDatabase<T>(url: string, name: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(clientConfig({ url }, STATEMENT_MS));
  client.on('error', () => {
    // The query that is under way rejects with it.
  });
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw postgresError(error, name);
  } finally {
    await endClient(client);
  }
}

interface CopyParts {
  readonly key: StoreKey;
  readonly progress: MoveWish['progress'];
}

/** M3. A copy that came through before its mover was killed is found, whatever has happened to it since, not made again. */
async function copyOrFind(client: pg.Client, source: SqliteDriver, parts: CopyParts): Promise<Omit<MovedStore, 'to'>> {
  await beginAlone(client);
  const driver = new PostgresDriver(client);
  const moved = (await isSameStore(client, source))
    ? await found(driver, source, parts.key)
    : await copied(client, source, parts);
  await client.query('COMMIT');
  return moved;
}

async function copied(client: pg.Client, source: SqliteDriver, parts: CopyParts): Promise<Omit<MovedStore, 'to'>> {
  const driver = new PostgresDriver(client);
  const { newest } = await driver.do(endOfLog());
  const { rows } = await client.query('SELECT 1 FROM runs LIMIT 1');
  if (newest !== undefined || rows.length > 0)
    throw new VltairError('invalid_argument/not_empty', { detail: 'the database has a store already' });
  await copyAll(client, source, parts);
  const moved = await proven(driver, source, parts.key);
  requireSameEnd(source.do(endOfLog()), await driver.do(endOfLog()));
  if (JSON.stringify(moved.runs) !== JSON.stringify(source.do(readCounts())))
    throw new VltairError('internal/unexpected', { detail: 'the copy counts other runs than the store' });
  return moved;
}

/** The newest commit of the old place is a commit of the new one. */
async function found(driver: PostgresDriver, source: SqliteDriver, key: StoreKey): Promise<Omit<MovedStore, 'to'>> {
  const { newest } = source.do(endOfLog());
  if (newest !== undefined && !(await driver.do(hasCommit(newest))))
    throw new VltairError('internal/unexpected', { detail: 'the new place lacks commits of the old one' });
  return await proven(driver, source, key);
}

async function copyAll(client: pg.Client, source: SqliteDriver, { key, progress }: CopyParts): Promise<void> {
  const { database } = source;
  const total = TABLES.reduce((sum, table) => sum + countOf(database, table), 0);
  const driver = new PostgresDriver(client);
  let done = 0;
  await client.query('DELETE FROM identities; DELETE FROM keys');
  for (const table of TABLES) {
    const insert = insertInto(database, table);
    for (const rows of pagesOf(database, table)) {
      await driver.do(asking(insert, rows));
      done += rows.length;
      progress(done, total);
    }
  }
  await driver.do(adding(key)); // one that has signed nothing yet is let in all the same
  for (const table of COUNTED)
    await client.query(
      `SELECT setval(pg_get_serial_sequence('${table}', 'number'), (SELECT coalesce(max(number), 0) + 1 FROM ${table}), false)`,
    );
  const [epoch] = source.do(reading(selectEpoch));
  await driver.do(reading(updateEpoch, { epoch: integerIn(epoch ?? {}, 'value') }));
}

const selectEpoch = statement("SELECT value FROM meta WHERE name = 'epoch'");
const updateEpoch = statement("UPDATE meta SET value = value + :epoch WHERE name = 'epoch'");
const selectIdentity = statement('SELECT store FROM identities ORDER BY number DESC LIMIT 1');

function* reading(asked: Statement, values: Parameters = {}): Work<readonly Row[]> {
  const [rows = []] = yield [ask(asked, values)];
  return rows;
}

function* adding(key: StoreKey): Work<void> {
  yield [askAddKey(key)];
}

function* asking(insert: Statement, rows: readonly Parameters[]): Work<void> {
  yield askAll(insert, rows);
}

/** The columns of the table as it is, whatever its migrations were. */
function insertInto(database: DatabaseSync, table: string): Statement {
  const types = { INTEGER: 'bigint', TEXT: 'text', BLOB: 'bytes' } as const;
  const columns = database
    .prepare('SELECT name, type FROM pragma_table_info(?)')
    .all(table)
    .map((row) => [textIn(row, 'name'), types[textIn(row, 'type') as keyof typeof types]] as const);
  return batch({ into: table, columns: Object.fromEntries(columns) });
}

/** A page has to fit into a message, and into memory several times. */
function* pagesOf(database: DatabaseSync, table: string): Generator<readonly Parameters[]> {
  let page: Parameters[] = [];
  let bytes = 0;
  for (const row of database.prepare(`SELECT * FROM ${table} ORDER BY rowid`).iterate()) {
    page.push(row as Parameters);
    bytes += sizeOf(row);
    if (page.length < ROWS_AT_A_TIME && bytes < BYTES_AT_A_TIME) continue;
    yield page;
    [page, bytes] = [[], 0];
  }
  if (page.length > 0) yield page;
}

function sizeOf(row: Row): number {
  const size = (value: unknown): number =>
    typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
  return Object.values(row).reduce<number>((sum, value) => sum + size(value), 0);
}

function countOf(database: DatabaseSync, table: string): number {
  return integerIn(database.prepare(`SELECT count(*) AS count FROM ${table}`).get() ?? {}, 'count');
}

async function isSameStore(client: pg.Client, source: SqliteDriver): Promise<boolean> {
  const { rows } = await client.query<Row>("SELECT to_regclass('identities') IS NOT NULL AS known");
  if (rows[0]?.['known'] !== true) return false;
  const [here] = source.do(reading(selectIdentity));
  const [there] = await new PostgresDriver(client).do(reading(selectIdentity));
  return here !== undefined && here['store'] === there?.['store'];
}

/** M2. Every commit of the new place follows the one before, lacks no event, and is signed by a key of the old one. */
async function proven(driver: PostgresDriver, source: SqliteDriver, key: StoreKey): Promise<Omit<MovedStore, 'to'>> {
  const pinned = [key.fingerprint, ...source.do(signersOfStore())];
  const commits = await verifyCommits(
    { commits: async (after, limit) => await driver.do(commitsAfter(after, limit)), signer: () => key },
    { pinned },
  );
  if (commits.kind === 'refused') throw new VltairError(commits.reason, { detail: commits.detail });
  return { commits: commits.commits, lastPosition: commits.lastPosition, runs: await driver.do(readCounts()) };
}

function requireSameEnd(source: EndOfLog, copy: EndOfLog): void {
  const signature = (newest: NewestCommit | undefined): string | undefined => newest?.signature;
  if (source.lastPosition === copy.lastPosition && signature(source.newest) === signature(copy.newest)) return;
  throw new VltairError('internal/unexpected', { detail: 'the copy ends elsewhere than the store' });
}
