import pg from 'pg';
import type { Reader } from './journal-reads.ts';
import { STORE_PATIENCE, withPatience } from './patience.ts';
import type { PostgresChanges } from './postgres-changes.ts';
import { clientConfig, type PostgresAddress } from './postgres-connection.ts';
import { PostgresDriver } from './postgres-driver.ts';
import { isPassing, postgresError } from './postgres-error.ts';
import type { Work } from './statement.ts';

const STATEMENT_MS = 60_000;
const IDLE_MS = 30_000;

export interface ReaderOptions {
  readonly address: PostgresAddress;
  /** The address for people. */
  readonly name: string;
  /** Connections that read at a time. */
  readonly connections: number;
  readonly changes: PostgresChanges;
}

/** Reads over a few connections. What fails with its connection is done again over another. */
export class PostgresReader implements Reader {
  readonly #pool: pg.Pool;
  readonly #name: string;
  readonly #changes: PostgresChanges;

  constructor({ address, name, connections, changes }: ReaderOptions) {
    this.#name = name;
    this.#changes = changes;
    this.#pool = new pg.Pool({
      ...clientConfig(address, STATEMENT_MS),
      max: connections,
      idleTimeoutMillis: IDLE_MS,
      allowExitOnIdle: true,
    });
    this.#pool.on('error', () => {
      // An idle connection has gone: the pool makes another when one is needed.
    });
    this.#pool.on('connect', (client) => {
      client.on('error', () => {
        // One in use has gone, for which the pool does not listen: the statement that is under way, or the next, rejects.
      });
    });
  }

  do<T>(work: () => Work<T>): Promise<T> {
    return this.#with((driver) => driver.do(work()));
  }

  inSnapshot<T>(work: () => Work<T>): Promise<T> {
    return this.#with((driver) => driver.inSnapshot(work()));
  }

  changes(): number {
    return this.#changes.changes();
  }

  async close(): Promise<void> {
    await this.#changes.close();
    await this.#pool.end();
  }

  async #with<T>(doing: (driver: PostgresDriver) => Promise<T>): Promise<T> {
    try {
      return await withPatience(STORE_PATIENCE, isPassing, () => this.#once(doing));
    } catch (error) {
      throw postgresError(error, this.#name);
    }
  }

  async #once<T>(doing: (driver: PostgresDriver) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let isUsable = false;
    try {
      const done = await doing(new PostgresDriver(client));
      isUsable = true;
      return done;
    } finally {
      client.release(!isUsable);
    }
  }
}
