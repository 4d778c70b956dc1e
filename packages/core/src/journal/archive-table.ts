import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { eventHeaderSchema, VltairError } from '@vltair/protocol';
import { z } from 'zod';
import type { LogEntry } from '../ports/event-store.ts';
import { slicesOf } from './line-slices.ts';
import { bytesIn, integerIn, type Row, textIn } from './row.ts';
import { type Ask, ask, askAll, batch, rowOf, rowsOf, statement, type Work } from './statement.ts';

/** A chunk is read as a whole: this bounds the memory that a page of a run costs. */
const CHUNK = { lines: 500, characters: 4 * 1024 * 1024 };

/** What a chunk holds of an event. Its hash stands in `archived_events`, under the signed commits, and nowhere else (A2). */
const archivedSchema = z.strictObject({
  position: z.int().positive(),
  header: eventHeaderSchema,
  payload: z.string().exactOptional(),
  salt: z.string().exactOptional(),
});
type Archived = z.infer<typeof archivedSchema>;

/*
 * The tables `archive` and `archived_events`: finished runs as compressed chunks, and the hash at each of their positions.
 *
 * A1 A run lies in `events` or here, never in both: it moves in one transaction.
 * A2 An event read from here has the hash that stands at its position under the signed commits: a forged chunk does not
 *    verify, whatever it says of itself.
 */
const insertChunks = batch({
  into: 'archive',
  columns: { run: 'text', first_seq: 'bigint', last_seq: 'bigint', bytes: 'bytes' },
});
const insertHashes = batch({
  into: 'archived_events',
  columns: { position: 'bigint', run: 'bigint', seq: 'bigint', hash: 'bytes' },
});
const selectNumber = statement('SELECT number FROM runs WHERE run = :run');
const selectChunkStarts = statement(
  'SELECT first_seq FROM archive WHERE run = :run AND last_seq > :after ORDER BY first_seq',
);
const selectChunk = statement('SELECT bytes FROM archive WHERE run = :run AND first_seq <= :seq AND last_seq >= :seq');
const selectHashes = statement('SELECT position, hash FROM archived_events WHERE position IN :positions[]');
const selectAfter = statement(
  `SELECT a.position, a.seq, r.run FROM archived_events a JOIN runs r ON r.number = a.run
   WHERE a.position > :position ORDER BY a.position LIMIT :limit`,
);
const deleteChunks = statement('DELETE FROM archive WHERE run = :run');
const deleteHashes = statement('DELETE FROM archived_events WHERE position IN :positions[]');

export function* putArchive(run: string, entries: readonly LogEntry[], chunks: readonly ArchiveChunk[]): Work<void> {
  const number = integerIn((yield* rowOf(selectNumber, { run })) ?? {}, 'number');
  const hashes = entries.map(({ position, header, hash }) => ({
    position,
    run: number,
    seq: header.seq,
    hash: Buffer.from(hash, 'hex'),
  }));
  const rows = chunks.map(({ firstSeq, lastSeq, bytes }) => ({ run, first_seq: firstSeq, last_seq: lastSeq, bytes }));
  yield [...askAll(insertChunks, rows), ...askAll(insertHashes, hashes)];
}

export function removeArchive(run: string, positions: readonly number[]): readonly Ask[] {
  return [ask(deleteChunks, { run }), ask(deleteHashes, { positions })];
}

export function* archivedOfRun(run: string, after: number, limit: number): Work<readonly LogEntry[]> {
  const entries: LogEntry[] = [];
  for (const row of yield* rowsOf(selectChunkStarts, { run, after })) {
    const chunk = yield* chunkAt(run, integerIn(row, 'first_seq'));
    const events = chunk.filter(({ header }) => header.seq > after);
    entries.push(...(yield* withHashes(events.slice(0, limit - entries.length))));
    if (entries.length >= limit) break;
  }
  return entries;
}

/** In commit order, as the live events are. */
export function* archivedAfter(position: number, limit: number): Work<readonly LogEntry[]> {
  const chunks = new Map<string, readonly Archived[]>();
  const events: Archived[] = [];
  for (const row of yield* rowsOf(selectAfter, { position, limit })) {
    const [run, seq] = [textIn(row, 'run'), integerIn(row, 'seq')];
    const known = chunks.get(run);
    const chunk = known?.some(({ header }) => header.seq === seq) === true ? known : yield* chunkAt(run, seq);
    chunks.set(run, chunk);
    events.push(...chunk.filter((event) => event.header.seq === seq));
  }
  return yield* withHashes(events);
}

export function* archivedHashAt(run: string, seq: number): Work<string | undefined> {
  const chunk = yield* chunkAt(run, seq);
  const [entry] = yield* withHashes(chunk.filter(({ header }) => header.seq === seq));
  return entry?.hash;
}

function* chunkAt(run: string, seq: number): Work<readonly Archived[]> {
  const row = yield* rowOf(selectChunk, { run, seq });
  return row === undefined ? [] : eventsIn(row);
}

/** A2. An event whose position has no hash is none of the log: its hash is empty and never verifies. */
function* withHashes(events: readonly Archived[]): Work<readonly LogEntry[]> {
  if (events.length === 0) return [];
  const rows = yield* rowsOf(selectHashes, { positions: events.map(({ position }) => position) });
  const hashes = new Map(rows.map((row) => [integerIn(row, 'position'), hexIn(row)] as const));
  return events.map((event) => ({ ...event, hash: hashes.get(event.position) ?? '' }));
}

/** The hash of an archived event, as the log spells it. */
export function hexIn(row: Row): string {
  return Buffer.from(bytesIn(row, 'hash')).toString('hex');
}

export interface ArchiveChunk {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: Uint8Array;
}

/** The chunks of a whole run. */
export function archiveChunks(entries: readonly LogEntry[]): readonly ArchiveChunk[] {
  return slicesOf(entries, CHUNK).map(chunkOf);
}

function chunkOf(group: readonly LogEntry[]): ArchiveChunk {
  const events = group.map(({ hash: _, ...event }) => event);
  const bytes = zstdCompressSync(Buffer.from(JSON.stringify(events)));
  return { firstSeq: group[0]?.header.seq ?? 0, lastSeq: group.at(-1)?.header.seq ?? 0, bytes };
}

function eventsIn(row: Row): readonly Archived[] {
  try {
    return z.array(archivedSchema).parse(JSON.parse(zstdDecompressSync(bytesIn(row, 'bytes')).toString()));
  } catch (cause) {
    throw new VltairError('unavailable/store_corrupt', { detail: 'a chunk of the archive cannot be read', cause });
  }
}
