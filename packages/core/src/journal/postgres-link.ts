import pg from 'pg';
import { clientConfig, endClient, type PostgresAddress } from './postgres-connection.ts';

/** One connection, made when it is needed, and anew when it was lost. One use follows another: whoever has it sees to that. */
export class PostgresLink {
  readonly #address: PostgresAddress;
  readonly #statementMs: number;
  #client: pg.Client | undefined;

  /** A statement may take `statementMs`. */
  constructor(address: PostgresAddress, statementMs: number) {
    this.#address = address;
    this.#statementMs = statementMs;
  }

  /** Does something over the connection; one over which it has failed is used no more. `begun` sees each new one first. */
  async use<T>(doing: (client: pg.Client) => Promise<T>, begun?: (client: pg.Client) => Promise<void>): Promise<T> {
    const client = this.#client ?? this.#made();
    try {
      if (this.#client === undefined) {
        await client.connect();
        await begun?.(client);
        this.#client = client;
      }
      return await doing(client);
    } catch (error) {
      this.#drop(client);
      throw error;
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await endClient(client);
  }

  #made(): pg.Client {
    const client = new pg.Client(clientConfig(this.#address, this.#statementMs));
    client.on('error', () => this.#drop(client)); // the query that is under way rejects with it
    return client;
  }

  #drop(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
    void endClient(client);
  }
}
