import { type StoredEvent, VltairError } from '@vltair/protocol';
import type * as Port from '../ports/event-store.ts';
import { commitsAfter, commitsOfRun } from './commit-table.ts';
import type { Committer } from './committer.ts';
import { eventsOfRun } from './event-table.ts';
import { answerOfCommand, waitingCommands } from './inbox-table.ts';
import { type Reader, readCounts, readHead, readRun, readTail } from './journal-reads.ts';
import { queryRuns, runOf } from './run-table.ts';
import type { StoreKey } from './signing-key.ts';
import { newestSnapshot } from './snapshot-table.ts';
import { ProvenCommits, verifiedOrThrow, verifyOwnCommits } from './verify-run.ts';
import {
  errorOfReply,
  serialiseAdoption,
  serialiseAppend,
  serialiseCommand,
  serialiseSnapshot,
  type WriteReply,
  type WriteRequest,
} from './write-request.ts';

export interface StoreParts {
  /** For people: the directory, or the address. */
  readonly name: string;
  readonly reader: Reader;
  readonly committer: Committer;
  readonly ownership: Port.Ownership;
  /** Read when it is first needed: most commands that only read never sign. */
  readonly key: () => StoreKey;
  /** Lets others have the store, when all else is closed. */
  readonly release: () => void | Promise<void>;
}

/** The journal over any database: reads through its reader, writes through its committer. */
export class JournalStore implements Port.EventStore {
  readonly ownership: Port.Ownership;
  readonly #parts: StoreParts;
  /** Up to which event this opening has written, or verified, a run. */
  readonly #own = new Map<string, number>();
  readonly #proven = new ProvenCommits();
  readonly #proofs = new Map<string, Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.ownership = parts.ownership;
  }

  async append(request: Port.AppendRequest): Promise<Port.AppendOutcome> {
    const { run, expectedSeq } = request;
    if (expectedSeq > 0 && this.#own.get(run) !== expectedSeq) await this.#proveOnce(run);
    const reply = await this.#write(serialiseAppend(request));
    if (reply.kind === 'appended') this.#own.set(run, reply.lastSeq);
    if (reply.kind === 'appended' || reply.kind === 'conflict' || reply.kind === 'fenced') return reply;
    throw unexpected(reply);
  }

  async adopt(run: Port.ForeignRun): Promise<'adopted' | 'exists'> {
    const { kind } = await this.#write(serialiseAdoption(run));
    return kind === 'exists' ? 'exists' : 'adopted';
  }

  async takeEpoch(): Promise<number> {
    const reply = await this.#write({ kind: 'epoch' });
    if (reply.kind === 'epoch') return reply.epoch;
    throw unexpected(reply);
  }

  async saveSnapshot(snapshot: Port.Snapshot): Promise<void> {
    await this.#write(serialiseSnapshot(snapshot));
  }

  async send(command: Port.InboxCommand): Promise<void> {
    await this.#write({ kind: 'send', command: serialiseCommand(command) });
  }

  async withdraw(id: string): Promise<void> {
    await this.#write({ kind: 'withdraw', id });
  }

  async answer(answers: readonly Port.CommandAnswer[]): Promise<void> {
    await this.#write({ kind: 'answer', answers });
  }

  async answerTo(id: string): Promise<Port.CommandAnswer | undefined> {
    return await this.#parts.reader.do(() => answerOfCommand(id));
  }

  async read(run: string, after = 0): Promise<readonly StoredEvent[]> {
    return await this.#parts.reader.inSnapshot(() => readRun(run, after));
  }

  async tail(after: number, limit: number): Promise<readonly StoredEvent[]> {
    return await this.#parts.reader.inSnapshot(() => readTail(after, limit));
  }

  async head(run: string): Promise<Port.RunHead | undefined> {
    return await this.#parts.reader.do(() => readHead(run));
  }

  async runs(query: Port.RunQuery): Promise<readonly Port.RunRow[]> {
    return await this.#parts.reader.do(() => queryRuns(query));
  }

  async run(id: string): Promise<Port.RunRow | undefined> {
    return await this.#parts.reader.do(() => runOf(id));
  }

  async counts(): Promise<Readonly<Record<Port.RunStatus, number>>> {
    return await this.#parts.reader.do(() => readCounts());
  }

  async entries(run: string, after: number, limit: number): Promise<readonly Port.LogEntry[]> {
    return await this.#parts.reader.inSnapshot(() => eventsOfRun(run, after, limit));
  }

  async commits(after: number, limit: number): Promise<readonly Port.SignedCommit[]> {
    return await this.#parts.reader.inSnapshot(() => commitsAfter(after, limit));
  }

  async commitsOf(run: string, after: number, limit: number): Promise<readonly Port.SignedCommit[]> {
    return await this.#parts.reader.inSnapshot(() => commitsOfRun(run, after, limit));
  }

  async inbox(): Promise<readonly Port.InboxCommand[]> {
    return await this.#parts.reader.do(() => waitingCommands());
  }

  async loadSnapshot(run: string, schema: number): Promise<Port.Snapshot | undefined> {
    return await this.#parts.reader.do(() => newestSnapshot(run, schema, this.#parts.key()));
  }

  changes(): number {
    return this.#parts.reader.changes();
  }

  signer(): Port.Signer {
    return this.#parts.key();
  }

  /** What was asked for before is still answered. Closing twice is closing once: the directory may have another owner by then. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Appends that wait for the same proof go on in their order. */
  #proveOnce(run: string): Promise<void> {
    const underWay = this.#proofs.get(run);
    if (underWay !== undefined) return underWay;
    const proof = this.#prove(run).finally(() => this.#proofs.delete(run));
    this.#proofs.set(run, proof);
    return proof;
  }

  /** S7. What this process may not append anyway is refused by the writer. */
  async #prove(run: string): Promise<void> {
    const row = this.ownership.kind === 'reader' ? undefined : await this.run(run);
    if (row === undefined || row.origin !== undefined) return;
    verifiedOrThrow(run, await verifyOwnCommits(this, run, this.#proven));
    this.#own.set(run, row.seq);
  }

  async #close(): Promise<void> {
    const { reader, committer, release } = this.#parts;
    // The reader first: the last connection to a SQLite file folds the WAL into it, and a reader cannot.
    await reader.close();
    await committer.close();
    await release();
  }

  async #write(request: WriteRequest): Promise<WriteReply> {
    if (this.ownership.kind === 'reader' && request.kind !== 'send' && request.kind !== 'withdraw')
      throw readingOnly(this.#parts.name);
    const reply = await this.#parts.committer.commit(request);
    if (reply.kind === 'failed') throw errorOfReply(reply);
    return reply;
  }
}

/** Of a store that is open for reading: no more than the inbox changes. */
function readingOnly(name: string): VltairError {
  return new VltairError('unavailable/store_locked', { detail: `${name} is open for reading only`, where: name });
}

function unexpected(reply: WriteReply): VltairError {
  return new VltairError('internal/unexpected', { detail: `the committer answered with ${reply.kind}` });
}
