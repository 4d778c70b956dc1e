import { VltairError } from '@vltair/protocol';
import type { PostgresAddress } from './postgres-connection.ts';
import { ended, PostgresDriver } from './postgres-driver.ts';
import { isPassing, postgresError } from './postgres-error.ts';
import { PostgresLink } from './postgres-link.ts';
import { type Patience, withPatience } from './patience.ts';
import type { LeaseDriver } from './store-leases.ts';
import type { Work } from './statement.ts';

/** A renewal that takes longer comes too late. */
const STATEMENT_MS = 2_000;
const PATIENCE: Patience = { totalMs: 1_000, firstMs: 20 };

/**
 * What a server that has lost its power forgets of them only makes leases older, so that no renewal waits for the disk.
 * None waits for the commit lock either: whoever stops while holding it makes nobody else look dead.
 */
const BEGIN = ['BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE', 'SET LOCAL synchronous_commit = off'] as const;

/** Does the work of leases over a connection of its own, one piece after another. */
export class PostgresLeases implements LeaseDriver {
  readonly #link: PostgresLink;
  readonly #name: string;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(address: PostgresAddress, name: string) {
    this.#link = new PostgresLink(address, STATEMENT_MS);
    this.#name = name;
  }

  do<T>(work: () => Work<T>): Promise<T> {
    if (this.#isClosed)
      return Promise.reject(new VltairError('unavailable/store_failed', { detail: 'the store is closed' }));
    const done = this.#last.then(() => this.#tryTo(work));
    this.#last = done.catch(() => {
      // Whoever asked for it hears of it; the next piece does not depend on it.
    });
    return done;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    await this.#link.close();
  }

  async #tryTo<T>(work: () => Work<T>): Promise<T> {
    try {
      return await withPatience(PATIENCE, isPassing, () =>
        this.#link.use((client) => new PostgresDriver(client).inTransaction(BEGIN, ended(work()))),
      );
    } catch (error) {
      throw postgresError(error, this.#name);
    }
  }
}
