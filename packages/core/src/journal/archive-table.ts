import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { eventHeaderSchema, VltairError } from '@vltair/protocol';
import { z } from 'zod';
import type { LogEntry } from '../ports/event-store.ts';
import { bytesIn, integerIn, type SqliteRow, textIn } from './sqlite-row.ts';

/** A chunk is read as a whole: these bound the memory that a page of a run costs. */
const CHUNK_EVENTS = 500;
const CHUNK_CHARACTERS = 4 * 1024 * 1024;

/** What a chunk holds of an event. Its hash stands in `archived_events`, under the signed commits, and nowhere else (A2). */
const archivedSchema = z.strictObject({
  position: z.int().positive(),
  header: eventHeaderSchema,
  payload: z.string().exactOptional(),
  salt: z.string().exactOptional(),
});
type Archived = z.infer<typeof archivedSchema>;

/**
 * The tables `archive` and `archived_events`: finished runs as compressed chunks, and the hash at each of their positions.
 *
 * A1 A run lies in `events` or here, never in both: it moves in one transaction.
 * A2 An event read from here has the hash that stands at its position under the signed commits: a forged chunk does not
 *    verify, whatever it says of itself.
 */
export class ArchiveTable {
  readonly #put: StatementSync;
  readonly #putHash: StatementSync;
  readonly #chunks: StatementSync;
  readonly #chunkOf: StatementSync;
  readonly #hashes: StatementSync;
  readonly #after: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeHash: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare('INSERT INTO archive (run, first_seq, last_seq, bytes) VALUES (?, ?, ?, ?)');
    this.#putHash = database.prepare(
      'INSERT INTO archived_events (position, run, seq, hash) VALUES (?, (SELECT number FROM runs WHERE run = ?), ?, unhex(?))',
    );
    this.#chunks = database.prepare('SELECT bytes FROM archive WHERE run = ? AND last_seq > ? ORDER BY first_seq');
    this.#chunkOf = database.prepare('SELECT bytes FROM archive WHERE run = ? AND first_seq <= ? AND last_seq >= ?');
    this.#hashes = database.prepare(
      'SELECT position, lower(hex(hash)) AS hash FROM archived_events WHERE position IN (SELECT value FROM json_each(?))',
    );
    this.#after = database.prepare(
      `SELECT a.position, a.seq, r.run FROM archived_events a JOIN runs r ON r.number = a.run
       WHERE a.position > ? ORDER BY a.position LIMIT ?`,
    );
    this.#remove = database.prepare('DELETE FROM archive WHERE run = ?');
    this.#removeHash = database.prepare('DELETE FROM archived_events WHERE position = ?');
  }

  put(run: string, entries: readonly LogEntry[], chunks: readonly ArchiveChunk[]): void {
    for (const { firstSeq, lastSeq, bytes } of chunks) this.#put.run(run, firstSeq, lastSeq, bytes);
    for (const { position, header, hash } of entries) this.#putHash.run(position, run, header.seq, hash);
  }

  remove(run: string, positions: readonly number[]): void {
    this.#remove.run(run);
    for (const position of positions) this.#removeHash.run(position);
  }

  ofRun(run: string, after: number, limit: number): readonly LogEntry[] {
    const entries: LogEntry[] = [];
    for (const row of this.#chunks.iterate(run, after)) {
      const events = eventsIn(row).filter(({ header }) => header.seq > after);
      entries.push(...this.#withHashes(events.slice(0, limit - entries.length)));
      if (entries.length >= limit) break;
    }
    return entries;
  }

  /** In commit order, as the live events are. */
  after(position: number, limit: number): readonly LogEntry[] {
    const chunks = new Map<string, readonly Archived[]>();
    const events = this.#after.all(position, limit).flatMap((row) => {
      const [run, seq] = [textIn(row, 'run'), integerIn(row, 'seq')];
      const known = chunks.get(run);
      const chunk = known?.some(({ header }) => header.seq === seq) === true ? known : this.#chunkAt(run, seq);
      chunks.set(run, chunk);
      return chunk.filter((event) => event.header.seq === seq);
    });
    return this.#withHashes(events);
  }

  hashAt(run: string, seq: number): string | undefined {
    return this.#withHashes(this.#chunkAt(run, seq).filter(({ header }) => header.seq === seq))[0]?.hash;
  }

  #chunkAt(run: string, seq: number): readonly Archived[] {
    const row = this.#chunkOf.get(run, seq, seq);
    return row === undefined ? [] : eventsIn(row);
  }

  /** A2. An event whose position has no hash is none of the log: its hash is empty and never verifies. */
  #withHashes(events: readonly Archived[]): readonly LogEntry[] {
    const positions = JSON.stringify(events.map(({ position }) => position));
    const rows = this.#hashes.all(positions).map((row) => [integerIn(row, 'position'), textIn(row, 'hash')] as const);
    const hashes = new Map(rows);
    return events.map((event) => ({ ...event, hash: hashes.get(event.position) ?? '' }));
  }
}

export interface ArchiveChunk {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: Uint8Array;
}

/** The chunks of a whole run. */
export function archiveChunks(entries: readonly LogEntry[]): readonly ArchiveChunk[] {
  const groups: LogEntry[][] = [];
  let characters = 0;
  for (const entry of entries) {
    const group = groups.at(-1);
    const isFull = group === undefined || group.length >= CHUNK_EVENTS || characters >= CHUNK_CHARACTERS;
    if (isFull) {
      groups.push([entry]);
      characters = 0;
    } else group.push(entry);
    characters += entry.payload?.length ?? 0;
  }
  return groups.map(chunkOf);
}

function chunkOf(group: readonly LogEntry[]): ArchiveChunk {
  const events = group.map(({ hash: _, ...event }) => event);
  const bytes = zstdCompressSync(Buffer.from(JSON.stringify(events)));
  return { firstSeq: group[0]?.header.seq ?? 0, lastSeq: group.at(-1)?.header.seq ?? 0, bytes };
}

function eventsIn(row: SqliteRow): readonly Archived[] {
  try {
    return z.array(archivedSchema).parse(JSON.parse(zstdDecompressSync(bytesIn(row, 'bytes')).toString()));
  } catch (cause) {
    throw new VltairError('unavailable/store_corrupt', { detail: 'a chunk of the archive cannot be read', cause });
  }
}
