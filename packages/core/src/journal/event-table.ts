import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CHAIN_FORMAT, eventKinds, type ExportLine, VltairError } from '@vltair/protocol';
import type { LogEntry } from '../ports/event-store.ts';
import { ArchiveTable, type ArchiveChunk } from './archive-table.ts';
import { sha256 } from './sha256.ts';
import { integerIn, oneOfIn, optionalBytesIn, optionalTextIn, type SqliteRow, textIn } from './sqlite-row.ts';

/** A payload with more bytes than this lies in `blobs`, once for each tenant. */
const INLINE_PAYLOAD_BYTES = 64 * 1024;

const SELECT = `
  SELECT e.*, b.bytes FROM events e LEFT JOIN blobs b ON b.tenant = e.tenant AND b.digest = e.blob`;

const LAST =
  'max((SELECT coalesce(max(position), 0) FROM events), (SELECT coalesce(max(position), 0) FROM archived_events))';

/** The newest position of a store. */
export function lastPositionOf(database: DatabaseSync): number {
  return integerIn(database.prepare(`SELECT ${LAST} AS position`).get() ?? {}, 'position');
}

/** The table `events`: lines of the log by position and by (run, seq); those of archived runs are read from the archive. */
export class EventTable {
  readonly #insert: StatementSync;
  readonly #insertBlob: StatementSync;
  readonly #ofRun: StatementSync;
  readonly #after: StatementSync;
  readonly #hash: StatementSync;
  readonly #last: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteBlobs: StatementSync;
  readonly #erase: StatementSync;
  readonly #blobsOf: StatementSync;
  readonly #archive: ArchiveTable;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      `INSERT INTO events (position, format, run, seq, tenant, ts, kind, type, epoch, payload_digest, previous, hash, payload, blob, salt)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertBlob = database.prepare('INSERT OR IGNORE INTO blobs (tenant, digest, bytes) VALUES (?, ?, ?)');
    this.#ofRun = database.prepare(`${SELECT} WHERE e.run = ? AND e.seq > ? ORDER BY e.seq LIMIT ?`);
    this.#after = database.prepare(`${SELECT} WHERE e.position > ? ORDER BY e.position LIMIT ?`);
    this.#hash = database.prepare('SELECT hash FROM events WHERE run = ? AND seq = ?');
    this.#last = database.prepare(`SELECT ${LAST} AS position`);
    this.#delete = database.prepare('DELETE FROM events WHERE run = ?');
    this.#erase = database.prepare(
      'UPDATE events SET payload = NULL, blob = NULL, salt = NULL WHERE run = ? AND seq < ? AND salt IS NOT NULL',
    );
    this.#blobsOf = database.prepare('SELECT DISTINCT tenant, blob FROM events WHERE run = ? AND blob IS NOT NULL');
    this.#deleteBlobs = database.prepare(
      `DELETE FROM blobs WHERE tenant = :tenant AND digest = :digest
       AND NOT EXISTS (SELECT 1 FROM events WHERE tenant = :tenant AND blob = :digest)`,
    );
    this.#archive = new ArchiveTable(database);
  }

  insert(position: number, { header, hash, payload, salt }: ExportLine): void {
    const blob = payload === undefined ? undefined : this.#putBlob(header.tenant, payload);
    this.#insert.run(
      position,
      header.format,
      header.run,
      header.seq,
      header.tenant,
      header.ts,
      header.kind,
      header.type,
      header.epoch,
      header.payloadDigest,
      header.previous,
      hash,
      blob === undefined ? (payload ?? null) : null,
      blob ?? null,
      salt ?? null,
    );
  }

  ofRun(run: string, after: number, limit: number): readonly LogEntry[] {
    const live = this.#ofRun.all(run, after, limit).map(entryOf);
    return live.length > 0 ? live : this.#archive.ofRun(run, after, limit);
  }

  after(position: number, limit: number): readonly LogEntry[] {
    const live = this.#after.all(position, limit).map(entryOf);
    const archived = this.#archive.after(position, limit);
    if (archived.length === 0) return live;
    return [...live, ...archived].toSorted((a, b) => a.position - b.position).slice(0, limit);
  }

  hashAt(run: string, seq: number): string | undefined {
    const row = this.#hash.get(run, seq);
    return row === undefined ? this.#archive.hashAt(run, seq) : textIn(row, 'hash');
  }

  /** Moves a run into the archive, as the chunks that were made of these entries. */
  archive(run: string, entries: readonly LogEntry[], chunks: readonly ArchiveChunk[]): void {
    this.#archive.put(run, entries, chunks);
    this.#withoutBlobs(run, () => this.#delete.run(run));
  }

  /** Moves a run back out of the archive, to the positions that it had. */
  unarchive(run: string): void {
    const entries = this.#archive.ofRun(run, 0, Number.MAX_SAFE_INTEGER);
    this.#archive.remove(
      run,
      entries.map(({ position }) => position),
    );
    for (const entry of entries) this.insert(entry.position, entry);
  }

  /** Erases payloads and salts before `seq`; gives how many there were. */
  erase(run: string, seq: number): number {
    return this.#withoutBlobs(run, () => Number(this.#erase.run(run, seq).changes));
  }

  /** Removes the blobs of a run that no event refers to after `change`. */
  #withoutBlobs<T>(run: string, change: () => T): T {
    const blobs = this.#blobsOf.all(run);
    const done = change();
    for (const row of blobs) this.#deleteBlobs.run({ tenant: textIn(row, 'tenant'), digest: textIn(row, 'blob') });
    return done;
  }

  lastPosition(): number {
    return integerIn(this.#last.get() ?? {}, 'position');
  }

  /** Stores a large payload; `undefined` for one that stays inline. */
  #putBlob(tenant: string, payload: string): string | undefined {
    if (Buffer.byteLength(payload) <= INLINE_PAYLOAD_BYTES) return undefined;
    const bytes = Buffer.from(payload);
    const digest = sha256(bytes);
    this.#insertBlob.run(tenant, digest, bytes);
    return digest;
  }
}

function entryOf(row: SqliteRow): LogEntry {
  const payload = optionalTextIn(row, 'payload') ?? blobIn(row);
  const salt = optionalTextIn(row, 'salt');
  return {
    position: integerIn(row, 'position'),
    header: {
      format: formatIn(row),
      run: textIn(row, 'run'),
      seq: integerIn(row, 'seq'),
      tenant: textIn(row, 'tenant'),
      ts: integerIn(row, 'ts'),
      kind: oneOfIn(row, 'kind', eventKinds),
      type: textIn(row, 'type'),
      epoch: integerIn(row, 'epoch'),
      payloadDigest: textIn(row, 'payload_digest'),
      previous: textIn(row, 'previous'),
    },
    hash: textIn(row, 'hash'),
    ...(payload === undefined ? {} : { payload }),
    ...(salt === undefined ? {} : { salt }),
  };
}

function blobIn(row: SqliteRow): string | undefined {
  const bytes = optionalBytesIn(row, 'bytes');
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

function formatIn(row: SqliteRow): typeof CHAIN_FORMAT {
  const format = integerIn(row, 'format');
  if (format === CHAIN_FORMAT) return CHAIN_FORMAT;
  throw new VltairError('unavailable/store_newer', { detail: `an event has format ${format}` });
}
