import { CHAIN_FORMAT, eventKinds, type ExportLine, VltairError } from '@vltair/protocol';
import type { LogEntry } from '../ports/event-store.ts';
import {
  type ArchiveChunk,
  archivedAfter,
  archivedHashAt,
  archivedOfRun,
  putArchive,
  removeArchive,
} from './archive-table.ts';
import { slicesOf } from './line-slices.ts';
import { integerIn, oneOfIn, optionalBytesIn, optionalTextIn, type Row, textIn } from './row.ts';
import { sha256 } from './sha256.ts';
import { type Ask, ask, askAll, batch, type Parameters, rowOf, rowsOf, statement, type Work } from './statement.ts';

/** A payload with more bytes than this lies in `blobs`, once for each tenant. */
const INLINE_PAYLOAD_BYTES = 64 * 1024;

const insertEvents = batch({
  into: 'events',
  columns: {
    position: 'bigint',
    format: 'bigint',
    run: 'text',
    seq: 'bigint',
    tenant: 'text',
    ts: 'bigint',
    kind: 'text',
    type: 'text',
    epoch: 'bigint',
    payload_digest: 'text',
    previous: 'text',
    hash: 'text',
    payload: 'text',
    blob: 'text',
    salt: 'text',
  },
});
const insertBlobs = batch({
  into: 'blobs',
  columns: { tenant: 'text', digest: 'text', bytes: 'bytes' },
  then: 'ON CONFLICT DO NOTHING',
});

const SELECT = 'SELECT e.*, b.bytes FROM events e LEFT JOIN blobs b ON b.tenant = e.tenant AND b.digest = e.blob';
const selectOfRun = statement(`${SELECT} WHERE e.run = :run AND e.seq > :after ORDER BY e.seq LIMIT :limit`);
const selectAfter = statement(`${SELECT} WHERE e.position > :position ORDER BY e.position LIMIT :limit`);
const selectHash = statement('SELECT hash FROM events WHERE run = :run AND seq = :seq');
const selectLast = statement(
  `SELECT coalesce(max(position), 0) AS position FROM
     (SELECT max(position) AS position FROM events UNION ALL SELECT max(position) FROM archived_events) AS ends`,
);
const deleteOfRun = statement('DELETE FROM events WHERE run = :run');
const eraseBefore = statement(
  'UPDATE events SET payload = NULL, blob = NULL, salt = NULL WHERE run = :run AND seq < :seq AND salt IS NOT NULL',
);
const selectBlobs = statement('SELECT DISTINCT tenant, blob FROM events WHERE run = :run AND blob IS NOT NULL');
const deleteBlob = statement(
  `DELETE FROM blobs WHERE tenant = :tenant AND digest = :digest
   AND NOT EXISTS (SELECT 1 FROM events e WHERE e.tenant = :tenant AND e.blob = :digest)`,
);

/** The newest position of a store, 0 for an empty one. */
export const askLastPosition: Ask = ask(selectLast);

export function lastPositionIn(rows: readonly Row[] | undefined): number {
  return integerIn(rows?.[0] ?? {}, 'position');
}

/** A line and where it stands in the whole store. */
export interface PlacedLine extends ExportLine {
  readonly position: number;
}

/** Lines that are put by one statement: it has to fit into a message, and into memory several times. */
const SLICE = { lines: 1_000, characters: 8 * 1024 * 1024 };

/** Puts lines of the log into the tables `events` and `blobs`. Their runs are there already. */
export function askInsert(lines: readonly PlacedLine[]): readonly Ask[] {
  return slicesOf(lines, SLICE).flatMap(askInsertSlice);
}

function askInsertSlice(lines: readonly PlacedLine[]): readonly Ask[] {
  const blobs: Parameters[] = [];
  const events = lines.map((line) => {
    const blob = blobOf(line);
    if (blob !== undefined) blobs.push(blob);
    return eventRow(line, blob === undefined ? null : blob.digest);
  });
  return [...askAll(insertBlobs, blobs), ...askAll(insertEvents, events)];
}

function eventRow({ position, header, hash, payload, salt }: PlacedLine, blob: string | null): Parameters {
  return {
    position,
    format: header.format,
    run: header.run,
    seq: header.seq,
    tenant: header.tenant,
    ts: header.ts,
    kind: header.kind,
    type: header.type,
    epoch: header.epoch,
    payload_digest: header.payloadDigest,
    previous: header.previous,
    hash,
    payload: blob === null ? (payload ?? null) : null,
    blob,
    salt: salt ?? null,
  };
}

/** `undefined` for a payload that stays inline. */
function blobOf({ header, payload }: ExportLine): (Parameters & { readonly digest: string }) | undefined {
  if (payload === undefined || Buffer.byteLength(payload) <= INLINE_PAYLOAD_BYTES) return undefined;
  const bytes = Buffer.from(payload);
  return { tenant: header.tenant, digest: sha256(bytes), bytes };
}

/** The events of a run with seq > `after`; those of an archived run are read from the archive. */
export function* eventsOfRun(run: string, after: number, limit: number): Work<readonly LogEntry[]> {
  const live = yield* rowsOf(selectOfRun, { run, after, limit });
  return live.length > 0 ? live.map(entryOf) : yield* archivedOfRun(run, after, limit);
}

export function* eventsAfter(position: number, limit: number): Work<readonly LogEntry[]> {
  const live = (yield* rowsOf(selectAfter, { position, limit })).map(entryOf);
  const archived = yield* archivedAfter(position, limit);
  if (archived.length === 0) return live;
  return [...live, ...archived].toSorted((a, b) => a.position - b.position).slice(0, limit);
}

export function* hashAt(run: string, seq: number): Work<string | undefined> {
  const row = yield* rowOf(selectHash, { run, seq });
  return row === undefined ? yield* archivedHashAt(run, seq) : textIn(row, 'hash');
}

/** Moves a run into the archive, as the chunks that were made of these entries. */
export function* archiveEvents(run: string, entries: readonly LogEntry[], chunks: readonly ArchiveChunk[]): Work<void> {
  yield* putArchive(run, entries, chunks);
  yield* withoutBlobs(run, ask(deleteOfRun, { run }));
}

/** Moves a run back out of the archive, to the positions that it had. */
export function* unarchiveEvents(run: string): Work<void> {
  const entries = yield* archivedOfRun(run, 0, Number.MAX_SAFE_INTEGER);
  yield removeArchive(
    run,
    entries.map(({ position }) => position),
  );
  yield askInsert(entries);
}

/** Erases payloads and salts before `seq`. */
export function* eraseEvents(run: string, seq: number): Work<void> {
  yield* withoutBlobs(run, ask(eraseBefore, { run, seq }));
}

/** Removes the blobs of a run that no event refers to after `change`. */
function* withoutBlobs(run: string, change: Ask): Work<void> {
  const blobs = yield* rowsOf(selectBlobs, { run });
  yield [change];
  yield blobs.map((row) => ask(deleteBlob, { tenant: textIn(row, 'tenant'), digest: textIn(row, 'blob') }));
}

function entryOf(row: Row): LogEntry {
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

function blobIn(row: Row): string | undefined {
  const bytes = optionalBytesIn(row, 'bytes');
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

function formatIn(row: Row): typeof CHAIN_FORMAT {
  const format = integerIn(row, 'format');
  if (format === CHAIN_FORMAT) return CHAIN_FORMAT;
  throw new VltairError('unavailable/store_newer', { detail: `an event has format ${format}` });
}
