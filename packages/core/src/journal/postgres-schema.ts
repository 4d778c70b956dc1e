import type pg from 'pg';
import { VltairError } from '@vltair/protocol';
import { askAddKey, signersOfStore } from './commit-table.ts';
import { SCHEMA } from './postgres-connection.ts';
import { PostgresDriver } from './postgres-driver.ts';
import { integerIn, type Row } from './row.ts';
import { postgresMigrations, SCHEMA_VERSION } from './schema.ts';
import type { StoreKey } from './signing-key.ts';
import type { Work } from './statement.ts';

/** One process makes or updates the schema; the others wait, and find it done. */
const LOCK = "SELECT pg_advisory_xact_lock(hashtext('vltair schema'))";

/**
 * Row-level security, as a second wall: a connection sees the runs of the tenant that it was opened for, `*` for all, and
 * nothing when it names none. Commits span tenants, so what they hold of other tenants is read by a function that gives
 * positions and hashes alone. Superusers stand above all of this: the store wants a role of its own.
 */
const TENANT = "tenant = current_setting('vltair.tenant', true) OR current_setting('vltair.tenant', true) = '*'";
const OF_RUN = 'EXISTS (SELECT 1 FROM runs r WHERE r.run = ';
/**
 * A command belongs to the tenant of its run, and one for a run that is still to begin to the tenant that it names; an
 * answer to the tenant of its command.
 */
const BELONGING = `
  ALTER TABLE answered ADD COLUMN IF NOT EXISTS tenant TEXT NOT NULL DEFAULT current_setting('vltair.tenant', true);
  CREATE OR REPLACE FUNCTION tenant_of_command() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      NEW.tenant := coalesce((SELECT r.tenant FROM runs r WHERE r.run = NEW.run), NEW.tenant);
      RETURN NEW;
    END $$;
  CREATE OR REPLACE FUNCTION tenant_of_answer() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      NEW.tenant := coalesce((SELECT i.tenant FROM inbox i WHERE i.id = NEW.id), NEW.tenant);
      RETURN NEW;
    END $$;
  CREATE OR REPLACE TRIGGER of_tenant BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION tenant_of_command();
  CREATE OR REPLACE TRIGGER of_tenant BEFORE INSERT ON answered FOR EACH ROW EXECUTE FUNCTION tenant_of_answer();`;
/** The clock by which leases run out. */
const NOW = `
  CREATE OR REPLACE FUNCTION store_now() RETURNS bigint LANGUAGE sql
    AS 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';`;
const HASHES = `
  CREATE OR REPLACE FUNCTION live_hashes(first bigint, last bigint) RETURNS TABLE ("position" bigint, hash text)
    LANGUAGE plpgsql AS $$
    DECLARE mine text := current_setting('vltair.tenant', true);
    BEGIN
      PERFORM set_config('vltair.tenant', '*', true);
      RETURN QUERY SELECT e.position, e.hash FROM events e WHERE e.position BETWEEN first AND last;
      PERFORM set_config('vltair.tenant', coalesce(mine, ''), true);
    END $$;`;
const walls: Readonly<Record<string, string>> = {
  runs: TENANT,
  events: TENANT,
  blobs: TENANT,
  snapshots: `${OF_RUN}snapshots.run)`,
  archive: `${OF_RUN}archive.run)`,
  inbox: TENANT,
  answered: TENANT,
};
const WALLS = Object.entries(walls)
  .map(
    ([table, wall]) => `
      ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
      ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
      DROP POLICY IF EXISTS tenant_wall ON ${table};
      CREATE POLICY tenant_wall ON ${table} USING (${wall}) WITH CHECK (${wall});`,
  )
  .join('');

/** Makes the schema or brings it to the current version, and lets the first key in. @throws VltairError for a newer one, or another key. */
export async function makePostgresCurrent(client: pg.Client, key: StoreKey): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(LOCK);
    await makeSchema(client);
    const version = await versionOf(client);
    if (version > SCHEMA_VERSION) throw newer(version);
    if (version < SCHEMA_VERSION) await migrate(client, version);
    await new PostgresDriver(client).do(admitKey(key));
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** @throws VltairError `not_found/store` when there is none of this version. */
export async function requirePostgresCurrent(client: pg.Client, name: string): Promise<void> {
  const version = await versionOf(client);
  if (version > SCHEMA_VERSION) throw newer(version);
  if (version < SCHEMA_VERSION) throw new VltairError('not_found/store', { detail: name });
}

/** 0 for a database without a store. */
async function versionOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<Row>("SELECT to_regclass('meta') IS NOT NULL AS known");
  if (rows[0]?.['known'] !== true) return 0;
  const found = await client.query<Row>("SELECT value FROM meta WHERE name = 'schema'");
  return integerIn(found.rows[0] ?? {}, 'value');
}

/** Where somebody else has made it, the store's own role need not be allowed to. */
async function makeSchema(client: pg.Client): Promise<void> {
  const { rows } = await client.query<Row>(`SELECT to_regnamespace('${SCHEMA}') IS NOT NULL AS known`);
  if (rows[0]?.['known'] !== true) await client.query(`CREATE SCHEMA ${SCHEMA}`);
}

async function migrate(client: pg.Client, version: number): Promise<void> {
  for (const statements of postgresMigrations(version)) await client.query(statements);
  await client.query(BELONGING + NOW + HASHES + WALLS);
  await client.query(
    `INSERT INTO meta VALUES ('schema', ${SCHEMA_VERSION}) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  );
}

/** Who opens a new store signs it; whoever comes later has a key that has signed it. */
function* admitKey(key: StoreKey): Work<void> {
  const signers = yield* signersOfStore();
  if (signers.length === 0) yield [askAddKey(key)];
  else if (!signers.includes(key.fingerprint))
    throw new VltairError('unavailable/store_key', {
      detail: `it is signed by ${signers.join(', ')}, the key here is ${key.fingerprint}`,
    });
}

function newer(version: number): VltairError {
  return new VltairError('unavailable/store_newer', {
    detail: `the database has schema ${version}, this version knows ${SCHEMA_VERSION}`,
  });
}
