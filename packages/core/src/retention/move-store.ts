import type { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { VltairError } from '@vltair/protocol';
import { commitsAfter, type NewestCommit, signersOfStore } from '../journal/commit-table.ts';
import { readCounts } from '../journal/journal-reads.ts';
import { clientConfig, describeAddress } from '../journal/postgres-connection.ts';
import { PostgresDriver } from '../journal/postgres-driver.ts';
import { postgresError } from '../journal/postgres-error.ts';
import { makePostgresCurrent } from '../journal/postgres-schema.ts';
import { integerIn, type Row, textIn } from '../journal/row.ts';
import { readStoreKey, type StoreKey } from '../journal/signing-key.ts';
import { SqliteDriver } from '../journal/sqlite-driver.ts';
import { openReading, openWriting } from '../journal/sqlite-file.ts';
import { ask, askAll, batch, type Parameters, type Statement, statement, type Work } from '../journal/statement.ts';
import { endOfLog, type EndOfLog } from '../journal/store-epoch.ts';
import { placeOf, putPlace, removePlace } from '../journal/store-place.ts';
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
  const { directory, now } = wish;
  const to = describeAddress(wish.to);
  return await whileOwning(directory, now, async () => {
    const place = placeOf(directory);
    if (place !== undefined && place.to !== to)
      throw new VltairError('unavailable/store_moving', { detail: `${directory} to ${place.to}`, where: directory });
    const source = new SqliteDriver(openWriting(directory));
    const key = readStoreKey(directory);
    try {
      const moved = await inDatabase(wish.to, to, async (client) => {
        await makePostgresCurrent(client, key);
        putPlace(directory, { state: 'moving', to, ts: now });
        source.database.exec('BEGIN IMMEDIATE'); // M1: what others have put into the inbox is here, or is refused
        return await copyOrFind(client, source, { key, progress: wish.progress });
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
    const place = placeOf(directory);
    if (place === undefined) return;
    const source = new SqliteDriver(openReading(directory));
    try {
      const isThere = await inDatabase(to, name, async (client) => await isSameStore(client, source));
      if (isThere || place.state === 'moved')
        throw new VltairError('unavailable/store_moved', { detail: `${directory} to ${place.to}`, where: directory });
      removePlace(directory);
    } finally {
      source.database.close();
    }
  });
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
    await client.end().catch(() => {
      // It was never there, or has gone.
    });
  }
}

interface CopyParts {
  readonly key: StoreKey;
  readonly progress: MoveWish['progress'];
}

/** M3. A copy that came through before its mover was killed is found, not made again. */
async function copyOrFind(client: pg.Client, source: SqliteDriver, parts: CopyParts): Promise<Omit<MovedStore, 'to'>> {
  if (await isSameStore(client, source)) return await proven(client, source, parts.key);
  const driver = new PostgresDriver(client);
  const { newest } = await driver.do(endOfLog());
  const { rows } = await client.query('SELECT 1 FROM runs LIMIT 1');
  if (newest !== undefined || rows.length > 0)
    throw new VltairError('invalid_argument/not_empty', { detail: 'the database has a store already' });
  await client.query('BEGIN');
  await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
  await copyAll(client, source, parts.progress);
  const moved = await proven(client, source, parts.key);
  await client.query('COMMIT');
  return moved;
}

async function copyAll(client: pg.Client, source: SqliteDriver, progress: MoveWish['progress']): Promise<void> {
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

function* pagesOf(database: DatabaseSync, table: string): Generator<readonly Parameters[]> {
  let page: Parameters[] = [];
  for (const row of database.prepare(`SELECT * FROM ${table} ORDER BY rowid`).iterate()) {
    page.push(row as Parameters);
    if (page.length < ROWS_AT_A_TIME) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
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

/** M2. What the new place says of itself is what the old one says, under the same signatures. */
async function proven(client: pg.Client, source: SqliteDriver, key: StoreKey): Promise<Omit<MovedStore, 'to'>> {
  const driver = new PostgresDriver(client);
  const pinned = [key.fingerprint, ...source.do(signersOfStore())];
  const commits = await verifyCommits(
    { commits: async (after, limit) => await driver.do(commitsAfter(after, limit)), signer: () => key },
    { pinned },
  );
  if (commits.kind === 'refused') throw new VltairError(commits.reason, { detail: commits.detail });
  requireSameEnd(source.do(endOfLog()), await driver.do(endOfLog()));
  const [runs, before] = [await driver.do(readCounts()), source.do(readCounts())];
  if (JSON.stringify(runs) !== JSON.stringify(before))
    throw new VltairError('internal/unexpected', { detail: 'the copy counts other runs than the store' });
  return { commits: commits.commits, lastPosition: commits.lastPosition, runs };
}

function requireSameEnd(source: EndOfLog, copy: EndOfLog): void {
  const signature = (newest: NewestCommit | undefined): string | undefined => newest?.signature;
  if (source.lastPosition === copy.lastPosition && signature(source.newest) === signature(copy.newest)) return;
  throw new VltairError('internal/unexpected', { detail: 'the copy ends elsewhere than the store' });
}
