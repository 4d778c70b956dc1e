import pg from 'pg';
import { resolve } from 'node:path';
import type { EventStore, Ownership } from '../ports/event-store.ts';
import { randomSalt } from './group-commit.ts';
import { JournalStore } from './journal-store.ts';
import { type Patience, STORE_PATIENCE, withPatience } from './patience.ts';
import { PostgresChanges } from './postgres-changes.ts';
import { PostgresCommitter } from './postgres-committer.ts';
import { clientConfig, describeAddress, endClient, type PostgresAddress } from './postgres-connection.ts';
import { PostgresDriver } from './postgres-driver.ts';
import { isPassing, postgresError } from './postgres-error.ts';
import { PostgresLeases } from './postgres-leases.ts';
import { PostgresReader } from './postgres-reader.ts';
import { makePostgresCurrent, requirePostgresCurrent } from './postgres-schema.ts';
import { ensureStoreKey, readStoreKey, type StoreKey } from './signing-key.ts';
import { inStore } from './sqlite-error.ts';
import { ensureDirectory } from './sqlite-file.ts';
import { checkEnd, countOpening, endOfLog } from './store-epoch.ts';

export interface PostgresStoreOptions extends PostgresAddress {
  /** The data directory: the store's signing key lies there. All that work on one store have the same. */
  readonly directory: string;
  /** `write`: one of any number of writers, under an epoch of its own. `read`: it appends nothing, and makes no schema. */
  readonly mode: 'write' | 'read';
  /** Hears what a person should know but need not stop for, as a sentence. */
  readonly onWarning: (warning: string) => void;
  /** Connections that read at a time, besides the one that commits and the one that listens; default 4. */
  readonly connections?: number;
  /** How long a lost connection is made again before whoever waits hears of it; default half a minute, and 5 s while it is opened. */
  readonly patience?: Patience;
}

const CONNECTIONS = 4;
const OPENING_MS = 60_000;
/** A person may be waiting, and the address may be wrong. */
const OPENING_PATIENCE: Patience = { totalMs: 5_000, firstMs: 50 };

/**
 * Opens the journal in a PostgreSQL database (schema `vltair`), making it in the mode that writes.
 *
 * @throws VltairError `unavailable/store_unreachable`, `unavailable/store_key`, `unavailable/store_newer`, `not_found/store`.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<EventStore> {
  const directory = resolve(options.directory);
  const name = describeAddress(options.url);
  if (options.mode === 'write') inStore(directory, () => ensureDirectory(directory));
  const key = keyOf({ ...options, directory });
  const ownership = await takeSeat(options, name, key);
  return await storeOf(options, { name, key, ownership });
}

interface Seat {
  readonly name: string;
  readonly key: () => StoreKey;
  readonly ownership: Ownership;
}

async function storeOf(
  { url, tenant, connections = CONNECTIONS, patience = STORE_PATIENCE }: PostgresStoreOptions,
  seat: Seat,
): Promise<EventStore> {
  const { name, key, ownership } = seat;
  const address = { url, ...(tenant === undefined ? {} : { tenant }) };
  const changes: PostgresChanges = new PostgresChanges(address, () => committer.processId);
  const means = {
    get key() {
      return key();
    },
    salt: randomSalt,
  };
  const committer = new PostgresCommitter({ address, name, means, changes, patience });
  const reader = new PostgresReader({ address, name, connections, changes });
  if (ownership.kind === 'writer') await changes.listen();
  const leases = { renewing: new PostgresLeases(address, name), claiming: new PostgresLeases(address, name) };
  const ofTenant = tenant === undefined ? {} : { tenant };
  return new JournalStore({ name, reader, committer, ownership, leases, key, ...ofTenant, release: () => {} });
}

function keyOf({ directory, mode, onWarning }: PostgresStoreOptions): () => StoreKey {
  let key: StoreKey | undefined;
  const read = (): StoreKey =>
    inStore(directory, () => (mode === 'write' ? ensureStoreKey(directory, onWarning) : readStoreKey(directory)));
  return () => (key ??= read());
}

/** What is done before anything else is asked of the store; again when the connection is lost. */
async function takeSeat(options: PostgresStoreOptions, name: string, key: () => StoreKey): Promise<Ownership> {
  try {
    return await withPatience(options.patience ?? OPENING_PATIENCE, isPassing, () => trySeat(options, name, key));
  } catch (error) {
    throw postgresError(error, name);
  }
}

/** For all tenants, whoever is to work. */
async function trySeat(options: PostgresStoreOptions, name: string, key: () => StoreKey): Promise<Ownership> {
  const client = new pg.Client(clientConfig({ url: options.url }, OPENING_MS));
  client.on('error', () => {
    // The query that is under way rejects with it.
  });
  try {
    await client.connect();
    if (options.mode === 'read') {
      await requirePostgresCurrent(client, name);
      return { kind: 'reader', owner: undefined };
    }
    await makePostgresCurrent(client, key());
    const driver = new PostgresDriver(client);
    checkEnd(await driver.inSnapshot(endOfLog()), key(), { name, onWarning: options.onWarning });
    return { kind: 'writer', epoch: await driver.do(countOpening()) };
  } finally {
    await endClient(client);
  }
}
