import pg from 'pg';
import { clientConfig, describeAddress, endClient } from './postgres-connection.ts';
import { postgresError } from './postgres-error.ts';
import { integerIn, type Row, textIn } from './row.ts';

/** A database server, as far as a store depends on it. */
export interface DatabaseServer {
  /** The address for people. */
  readonly name: string;
  readonly version: string;
  /** What it confirms is on its disk. */
  readonly syncs: boolean;
  readonly connections: number;
  readonly maxConnections: number;
  /** How far its clock is ahead of this machine's, in milliseconds; negative: behind. */
  readonly clockAheadMs: number;
}

const STATEMENT_MS = 5_000;
const EXAMINE = `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
  current_setting('max_connections')::bigint AS most, (SELECT count(*) FROM pg_stat_activity) AS connections,
  floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`;

/** Asks a server about itself. @throws VltairError `unavailable/store_unreachable` */
export async function examineDatabase(url: string, now: () => number): Promise<DatabaseServer> {
  const name = describeAddress(url);
  const client = new pg.Client(clientConfig({ url }, STATEMENT_MS));
  client.on('error', () => {
    // The query that is under way rejects with it.
  });
  try {
    await client.connect();
    const asked = now();
    const { rows } = await client.query<Row>(EXAMINE);
    const [row = {}] = rows;
    return {
      name,
      version: textIn(row, 'version'),
      syncs: textIn(row, 'fsync') === 'on',
      connections: integerIn(row, 'connections'),
      maxConnections: integerIn(row, 'most'),
      clockAheadMs: Math.round(integerIn(row, 'now') - (asked + now()) / 2),
    };
  } catch (error) {
    throw postgresError(error, name);
  } finally {
    await endClient(client);
  }
}
