import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPostgresStore, openSqliteStore, type EventStore } from '@vltair/core';
import { dropDatabase, makeDatabase, serverSetting } from '../bench-database.ts';

/** Where the bench gets its store, by the name that contenders are called by. */
interface StoreKind {
  /**
   * Makes what the store needs beside a directory; what is given takes that away again. The bench calls both, so that
   * nothing is left whatever becomes of the contender.
   */
  readonly prepare: (directory: string) => Promise<() => Promise<void>>;
  readonly open: (directory: string, mode?: 'write' | 'read') => Promise<EventStore>;
  /** What tells the commands of VLTAIR to work in it. */
  readonly environment: (directory: string) => Readonly<Record<string, string>>;
  /** The database, and the settings that decide what survives a power cut. */
  readonly describe: () => Promise<string>;
  readonly fsync: string;
  readonly processes: readonly string[];
}

const STORES: Readonly<Record<string, StoreKind>> = {
  sqlite: {
    prepare: () => Promise.resolve(() => Promise.resolve()),
    open: async (directory, mode = 'write') =>
      await openSqliteStore({ directory: dataOf(directory), mode, now: Date.now, onWarning }),
    environment: (directory) => ({ VLTAIR_DATA_DIR: dataOf(directory) }),
    describe: () => Promise.resolve('SQLite, WAL, synchronous=FULL'),
    fsync: 'the thread that commits, once for each group of appends, before any of them is acknowledged',
    processes: ['agents, runtime and caller in one process, the thread that commits in it'],
  },
  postgres: {
    prepare: prepareDatabase,
    open: async (directory, mode = 'write') =>
      await openPostgresStore({ url: addressIn(directory), directory: dataOf(directory), mode, onWarning }),
    environment: (directory) => ({ DATABASE_URL: addressIn(directory), VLTAIR_DATA_DIR: dataOf(directory) }),
    describe: async () =>
      `PostgreSQL ${await serverSetting('server_version')}, synchronous_commit=on (set by the store), fsync=${await serverSetting('fsync')}`,
    fsync:
      'the PostgreSQL server, at every commit: one for each group of appends, before any of them is acknowledged; what reaches it meanwhile shares the next',
    processes: ['agents, runtime and caller in one process', 'the PostgreSQL server'],
  },
};

/** @throws RangeError for a name that no store has. */
export function storeKind(name: string): StoreKind {
  const kind = STORES[name];
  if (kind === undefined) throw new RangeError(`no store '${name}'; stores: ${Object.keys(STORES).join(', ')}`);
  return kind;
}

/** A database of its own, whose address every process that works in the directory reads there. */
async function prepareDatabase(directory: string): Promise<() => Promise<void>> {
  const address = await makeDatabase();
  writeFileSync(addressFile(directory), address, { mode: 0o600 }); // it may hold a password
  return async () => await dropDatabase(address);
}

function addressIn(directory: string): string {
  return readFileSync(addressFile(directory), 'utf8');
}

function addressFile(directory: string): string {
  return join(directory, 'database-url');
}

function dataOf(directory: string): string {
  return join(directory, 'data');
}

function onWarning(warning: string): void {
  process.stderr.write(`${warning}\n`);
}
