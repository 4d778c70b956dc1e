import { type StoredEvent, VltairError } from '@vltair/protocol';
import type * as Port from '../ports/event-store.ts';
import type { InboxClaim, Leases } from '../ports/leases.ts';
import { commitsAfter, commitsOfRun, type KnownHashes } from './commit-table.ts';
import type { Committer } from './committer.ts';
import { eventsOfRun } from './event-table.ts';
import { answerOfCommand, waitingCommands } from './inbox-table.ts';
import { type Reader, readCounts, readHead, readIdentity, readRun, readTail } from './journal-reads.ts';
import { queryRuns, runOf } from './run-table.ts';
import type { StoreKey } from './signing-key.ts';
import { claimInbox } from './lease-table.ts';
import { newestSnapshot } from './snapshot-table.ts';
import { type LeaseDrivers, StoreLeases } from './store-leases.ts';
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
  /** Of a store that shows one tenant alone. */
  readonly tenant?: string;
  /** Absent: there is one writer at a time. */
  readonly leases?: LeaseDrivers;
  /** Read when it is first needed: most commands that only read never sign. */
  readonly key: () => StoreKey;
  /** Lets others have the store, when all else is closed. */
  readonly release: () => void | Promise<void>;
}

/** The journal over any database: reads through its reader, writes through its committer. */
export class JournalStore implements Port.EventStore {
  readonly ownership: Port.Ownership;
  readonly leases: Leases | undefined;
  readonly #parts: StoreParts;
  /** Up to which event this opening has written, or verified, a run. */
  readonly #own = new Map<string, number>();
  readonly #proven = new ProvenCommits();
  readonly #proofs = new Map<string, Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.ownership = parts.ownership;
    this.leases = parts.leases === undefined ? undefined : new StoreLeases(parts.leases, parts.reader);
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

  async send(command: Port.InboxCommand, claimedBy?: number): Promise<void> {
    await this.#write({ kind: 'send', command: serialiseCommand(command, { claimedBy, ofStore: this.#parts.tenant }) });
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

  async claim(wish: InboxClaim): Promise<readonly Port.InboxCommand[]> {
    const { leases } = this.#parts;
    return leases === undefined ? await this.inbox() : await leases.claiming.do(() => claimInbox(wish));
  }

  async loadSnapshot(run: string, schema: number): Promise<Port.Snapshot | undefined> {
    return await this.#parts.reader.do(() => newestSnapshot(run, schema, this.#parts.key()));
  }

  changes(): number {
    return this.#parts.reader.changes();
  }

  async identity(): Promise<Port.StoreIdentity> {
    return await this.#parts.reader.do(() => readIdentity());
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
    verifiedOrThrow(run, await verifyOwnCommits(this.#rereading(), run, this.#proven));
    this.#own.set(run, row.seq);
  }

  /** Itself, but for commits that were proven, of which only what was signed is read again. */
  #rereading(): Parameters<typeof verifyOwnCommits>[0] {
    const known: KnownHashes = (commit) => this.#proven.find(commit)?.hashes;
    return {
      run: (id) => this.run(id),
      head: (run) => this.head(run),
      entries: (...place) => this.entries(...place),
      commitsOf: async (...place) => await this.#parts.reader.inSnapshot(() => commitsOfRun(...place, known)),
      signer: () => this.signer(),
    };
  }

  async #close(): Promise<void> {
    const { reader, committer, leases, release } = this.#parts;
    // The reader first: the last connection to a SQLite file folds the WAL into it, and a reader cannot.
    await reader.close();
    await committer.close();
    await leases?.renewing.close();
    await leases?.claiming.close();
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
