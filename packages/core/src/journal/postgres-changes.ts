import pg from 'pg';
import { clientConfig, endClient, type PostgresAddress } from './postgres-connection.ts';
import { statement } from './statement.ts';

const CHANNEL = 'vltair_changes';
export const notifyChange = statement(`SELECT pg_notify('${CHANNEL}', '')`);

const STATEMENT_MS = 10_000;
const RECONNECT_MS = 1_000;
/** Whoever looks at the number looks at the store at least this often: a notice that was lost delays, and never hides. */
const EVERY_MS = 2_000;

/**
 * Counts changes of the store, as far as it hears of them.
 *
 * N1 A notice only wakes: nothing is read from it. While none can be heard, every look finds a change.
 */
export class PostgresChanges {
  readonly #address: PostgresAddress;
  readonly #own: () => number | undefined;
  #client: pg.Client | undefined;
  #connecting: Promise<void> | undefined;
  #pause: NodeJS.Timeout | undefined;
  #isHearing = false;
  #isClosed = false;
  #count = 0;

  /** `own`: the server's process of the connection that commits here; what it does is counted as it is done. */
  constructor(address: PostgresAddress, own: () => number | undefined) {
    this.#address = address;
    this.#own = own;
  }

  /** This process has changed something. */
  count(): void {
    this.#count += 1;
  }

  changes(): number {
    if (!this.#isHearing) {
      void this.listen();
      this.count();
    }
    return this.#count + Math.floor(performance.now() / EVERY_MS);
  }

  /** Begins to listen; resolves when it does, or has failed for now. */
  async listen(): Promise<void> {
    if (this.#client === undefined && this.#pause === undefined && !this.#isClosed)
      this.#connecting = this.#connect(this.#made());
    await this.#connecting;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    await this.#connecting;
    if (this.#client !== undefined) await endClient(this.#client);
  }

  #made(): pg.Client {
    const client = new pg.Client(clientConfig(this.#address, STATEMENT_MS));
    client.on('notification', ({ processId }) => {
      if (processId !== this.#own()) this.count();
    });
    client.on('error', () => this.#lose(client));
    client.on('end', () => this.#lose(client));
    this.#client = client;
    return client;
  }

  async #connect(client: pg.Client): Promise<void> {
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.#isHearing = true;
    } catch {
      // N1: it is tried again, and every look finds a change meanwhile.
      this.#lose(client);
    }
  }

  #lose(client: pg.Client): void {
    if (this.#client !== client || this.#isClosed) return;
    this.#client = undefined;
    this.#isHearing = false;
    void endClient(client);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      void this.listen();
    }, RECONNECT_MS).unref();
  }
}
