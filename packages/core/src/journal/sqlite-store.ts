import { type StoredEvent, VltairError } from '@vltair/protocol';
import type * as Port from '../ports/event-store.ts';
import type { Committer } from './commit-thread.ts';
import { InboxTable } from './inbox-table.ts';
import type { JournalReader } from './journal-reader.ts';
import type { StoreKey } from './signing-key.ts';
import { inStore } from './sqlite-error.ts';
import { openWriting } from './sqlite-file.ts';
import { verifiedOrThrow, verifyOwnCommits } from './verify-run.ts';
import {
  errorOfReply,
  serialiseAdoption,
  serialiseAppend,
  serialiseCommand,
  serialiseSnapshot,
  type WriteReply,
  type WriteRequest,
} from './write-request.ts';

/** What the owner of a directory has and a reader lacks. */
interface WriterParts {
  readonly committer: Committer;
  release(): void;
}

export interface StoreParts {
  readonly directory: string;
  readonly reader: JournalReader;
  readonly ownership: Port.Ownership;
  /** Read when it is first needed: most commands that only read never sign. */
  readonly key: () => StoreKey;
  readonly writer: WriterParts | undefined;
}

/** The journal in one SQLite file: reads on the calling thread, writes through the committer. */
export class SqliteStore implements Port.EventStore {
  readonly ownership: Port.Ownership;
  readonly #parts: StoreParts;
  /** Runs of which this opening has written, or verified, every event. */
  readonly #own = new Set<string>();
  #closing: Promise<void> | undefined;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.ownership = parts.ownership;
  }

  async append(request: Port.AppendRequest): Promise<Port.AppendOutcome> {
    if (request.expectedSeq > 0 && !this.#own.has(request.run)) await this.#proveOnce(request.run);
    const reply = await this.#write(serialiseAppend(request));
    if (reply.kind === 'appended') this.#own.add(request.run);
    if (reply.kind === 'appended' || reply.kind === 'conflict' || reply.kind === 'fenced') return reply;
    throw unexpected(reply);
  }

  async adopt(run: Port.ForeignRun): Promise<'adopted' | 'exists'> {
    const { kind } = await this.#write(serialiseAdoption(run));
    return kind === 'exists' ? 'exists' : 'adopted';
  }

  async saveSnapshot(snapshot: Port.Snapshot): Promise<void> {
    await this.#write(serialiseSnapshot(snapshot));
  }

  async send(command: Port.InboxCommand): Promise<void> {
    const serialised = serialiseCommand(command);
    if (this.#parts.writer !== undefined) await this.#write({ kind: 'send', command: serialised });
    else this.#fromOutside((inbox) => inbox.send(serialised));
  }

  async withdraw(id: string): Promise<void> {
    if (this.#parts.writer !== undefined) await this.#write({ kind: 'withdraw', id });
    else this.#fromOutside((inbox) => inbox.withdraw(id));
  }

  async answer(answers: readonly Port.CommandAnswer[]): Promise<void> {
    await this.#write({ kind: 'answer', answers });
  }

  async answerTo(id: string): Promise<Port.CommandAnswer | undefined> {
    return this.#parts.reader.answerTo(id);
  }

  async read(run: string, after = 0): Promise<readonly StoredEvent[]> {
    return this.#parts.reader.read(run, after);
  }

  async tail(after: number, limit: number): Promise<readonly StoredEvent[]> {
    return this.#parts.reader.tail(after, limit);
  }

  async head(run: string): Promise<Port.RunHead | undefined> {
    return this.#parts.reader.head(run);
  }

  async runs(query: Port.RunQuery): Promise<readonly Port.RunRow[]> {
    return this.#parts.reader.runs(query);
  }

  async run(id: string): Promise<Port.RunRow | undefined> {
    return this.#parts.reader.run(id);
  }

  async counts(): Promise<Readonly<Record<Port.RunStatus, number>>> {
    return this.#parts.reader.counts();
  }

  async entries(run: string, after: number, limit: number): Promise<readonly Port.LogEntry[]> {
    return this.#parts.reader.entries(run, after, limit);
  }

  async commits(after: number, limit: number): Promise<readonly Port.SignedCommit[]> {
    return this.#parts.reader.commits(after, limit);
  }

  async commitsOf(run: string, after: number, limit: number): Promise<readonly Port.SignedCommit[]> {
    return this.#parts.reader.commitsOf(run, after, limit);
  }

  async inbox(): Promise<readonly Port.InboxCommand[]> {
    return this.#parts.reader.inbox();
  }

  async loadSnapshot(run: string, schema: number): Promise<Port.Snapshot | undefined> {
    return this.#parts.reader.loadSnapshot(run, schema, this.#key());
  }

  changes(): number {
    return this.#parts.reader.changes();
  }

  signer(): Port.Signer {
    return this.#key();
  }

  /** What was asked for before is still answered. Closing twice is closing once: the directory may have another owner by then. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** S7. What this process may not append anyway is refused by the writer. */
  async #proveOnce(run: string): Promise<void> {
    const row = this.#parts.writer === undefined ? undefined : await this.run(run);
    if (row === undefined || row.origin !== undefined) return;
    verifiedOrThrow(run, await verifyOwnCommits(this, run));
    this.#own.add(run);
  }

  async #close(): Promise<void> {
    // The reader first: the last connection to close folds the WAL into the database, and a reader cannot.
    this.#parts.reader.close();
    await this.#parts.writer?.committer.close();
    this.#parts.writer?.release();
  }

  #key(): StoreKey {
    return inStore(this.#parts.directory, this.#parts.key);
  }

  /** Another process than the owner changes the inbox: one short transaction of its own. */
  #fromOutside(change: (inbox: InboxTable) => void): void {
    const { directory } = this.#parts;
    inStore(directory, () => {
      const database = openWriting(directory);
      try {
        change(new InboxTable(database));
      } finally {
        database.close();
      }
    });
  }

  async #write(request: WriteRequest): Promise<WriteReply> {
    const { writer, directory } = this.#parts;
    if (writer === undefined) {
      throw new VltairError('unavailable/store_locked', {
        detail: `${directory} is open for reading only`,
        where: directory,
      });
    }
    const reply = await writer.committer.commit(request);
    if (reply.kind === 'failed') throw errorOfReply(reply);
    return reply;
  }
}

function unexpected(reply: WriteReply): VltairError {
  return new VltairError('internal/unexpected', { detail: `the committer answered an append with ${reply.kind}` });
}
