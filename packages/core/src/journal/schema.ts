import type { DatabaseSync } from 'node:sqlite';
import { VltairError } from '@vltair/protocol';
import { integerIn } from './row.ts';

/** `VLTR`: tells a store of this product from any other SQLite file. */
const APPLICATION_ID = 0x564c5452;

/**
 * What turns version n into n + 1, in order; never edited once released. A purged event has neither payload, nor blob,
 * nor salt. Events refer to `runs`, and large payloads to the blobs of the event's own tenant.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT INTO meta VALUES ('epoch', 0);

  CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    run TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    seq INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    hash TEXT NOT NULL,
    head_ts INTEGER NOT NULL,
    origin TEXT,
    status TEXT NOT NULL,
    workflow TEXT NOT NULL,
    title TEXT NOT NULL,
    join_key TEXT,
    trace_id TEXT NOT NULL,
    created_ts INTEGER NOT NULL,
    updated_ts INTEGER NOT NULL,
    failure TEXT
  ) STRICT;
  CREATE INDEX runs_by_status ON runs (status, created_ts);
  CREATE INDEX runs_by_join_key ON runs (join_key) WHERE join_key IS NOT NULL;

  CREATE TABLE blobs (
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (tenant, digest)
  ) STRICT;

  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    format INTEGER NOT NULL,
    run TEXT NOT NULL REFERENCES runs (run),
    seq INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    ts INTEGER NOT NULL,
    kind TEXT NOT NULL,
    type TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    payload_digest TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    payload TEXT,
    blob TEXT,
    salt TEXT,
    UNIQUE (run, seq),
    FOREIGN KEY (tenant, blob) REFERENCES blobs (tenant, digest)
  ) STRICT;

  CREATE TABLE keys (fingerprint TEXT PRIMARY KEY, public_key TEXT NOT NULL) STRICT;
  CREATE TABLE commits (
    number INTEGER PRIMARY KEY,
    first_position INTEGER NOT NULL,
    last_position INTEGER NOT NULL UNIQUE,
    statement TEXT NOT NULL,
    signature TEXT NOT NULL,
    fingerprint TEXT NOT NULL REFERENCES keys (fingerprint)
  ) STRICT;

  CREATE TABLE snapshots (
    run TEXT NOT NULL REFERENCES runs (run),
    seq INTEGER NOT NULL,
    text TEXT NOT NULL,
    mac TEXT NOT NULL,
    PRIMARY KEY (run, seq)
  ) STRICT;

  CREATE TABLE inbox (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    run TEXT NOT NULL,
    command TEXT NOT NULL,
    ts INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE answered (id TEXT PRIMARY KEY) STRICT;
  `,
  `
  ALTER TABLE runs ADD COLUMN wake_ts INTEGER;
  CREATE INDEX runs_by_wake ON runs (wake_ts) WHERE wake_ts IS NOT NULL;
  `,
  `
  ALTER TABLE answered ADD COLUMN ts INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE answered ADD COLUMN refusal TEXT;
  CREATE INDEX answered_by_time ON answered (ts);
  `,
  `
  ALTER TABLE runs ADD COLUMN archived_ts INTEGER;
  ALTER TABLE runs ADD COLUMN purged_ts INTEGER;
  ALTER TABLE runs ADD COLUMN purged_by TEXT;
  CREATE TABLE archive (
    run TEXT NOT NULL REFERENCES runs (run),
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (run, first_seq)
  ) STRICT;
  CREATE TABLE archived_events (
    position INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (number),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
  ) STRICT;
  CREATE INDEX archived_events_by_run ON archived_events (run);
  CREATE TABLE identities (
    number INTEGER PRIMARY KEY,
    store TEXT NOT NULL UNIQUE,
    since_ts INTEGER NOT NULL,
    backup TEXT
  ) STRICT;
  INSERT INTO identities (store, since_ts) VALUES (lower(hex(randomblob(16))), unixepoch() * 1000);
  CREATE INDEX events_by_blob ON events (tenant, blob) WHERE blob IS NOT NULL;
  `,
  `
  CREATE INDEX runs_by_creation ON runs (created_ts);
  `,
];

const SCHEMA_VERSION = migrations.length;

/** `empty`: a new file. Anything else that is not ours, or is newer, throws. */
export function inspectSchema(database: DatabaseSync, path: string): 'empty' | 'older' | 'current' {
  const version = pragma(database, 'user_version');
  const application = pragma(database, 'application_id');
  if (version === 0 && application === 0 && isEmpty(database)) return 'empty';
  if (application !== APPLICATION_ID) {
    throw new VltairError('unavailable/store_corrupt', { detail: `${path} is the database of another program` });
  }
  if (version > SCHEMA_VERSION) {
    throw new VltairError('unavailable/store_newer', {
      detail: `${path} has schema ${version}, this version knows ${SCHEMA_VERSION}`,
    });
  }
  return version < SCHEMA_VERSION ? 'older' : 'current';
}

/** Brings the schema to the current version in one transaction. */
export function migrate(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  for (const statements of migrations.slice(pragma(database, 'user_version'))) database.exec(statements);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  database.exec('COMMIT');
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function pragma(database: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return integerIn(database.prepare(`PRAGMA ${name}`).get() ?? {}, name);
}
