import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { CHAIN_FORMAT, digestPayload, type EventHeader, type ExportLine, GENESIS, hashHeader } from '@vltair/protocol';
import type { PurgeMark } from '../ports/event-store.ts';
import { CommitTable } from './commit-table.ts';
import { EventTable } from './event-table.ts';
import { InboxTable } from './inbox-table.ts';
import { RunTable, type StoredHead } from './run-table.ts';
import { sha256 } from './sha256.ts';
import type { StoreKey } from './signing-key.ts';
import { SnapshotTable } from './snapshot-table.ts';
import { storeFault } from './sqlite-error.ts';
import type { SerialisedAppend, WriteReply, WriteRequest } from './write-request.ts';

const SALT_BYTES = 16;
const NEW_RUN: StoredHead = { seq: 0, epoch: 0, hash: GENESIS, ts: 0, origin: undefined, isArchived: false };

/**
 * The one place that writes: takes a group of requests into one transaction with one fsync, and signs it.
 *
 * G1 A request that is refused has written nothing; the others of its group go on (S2, S3).
 * G2 The group is committed or rolled back as a whole; after a rollback nothing is remembered from it (S6).
 * G3 Positions follow the order of requests and commits, without gaps (S4).
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #directory: string;
  readonly #key: StoreKey;
  readonly #salt: () => string;
  readonly #events: EventTable;
  readonly #runs: RunTable;
  readonly #commits: CommitTable;
  readonly #snapshots: SnapshotTable;
  readonly #inbox: InboxTable;

  /** `salt`: 16 bytes in hex, another one each time. */
  constructor(database: DatabaseSync, directory: string, key: StoreKey, salt: () => string = randomSalt) {
    this.#database = database;
    this.#salt = salt;
    this.#directory = directory;
    this.#key = key;
    this.#events = new EventTable(database);
    this.#runs = new RunTable(database);
    this.#commits = new CommitTable(database);
    this.#snapshots = new SnapshotTable(database);
    this.#inbox = new InboxTable(database);
  }

  /** One reply for each request, in order; durable when it returns. */
  commit(requests: readonly WriteRequest[]): readonly WriteReply[] {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const replies = this.#applyAll(requests);
      this.#database.exec('COMMIT');
      return replies;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      const fault = storeFault(error, this.#directory);
      return requests.map(() => ({ kind: 'failed', ...fault }));
    }
  }

  #applyAll(requests: readonly WriteRequest[]): readonly WriteReply[] {
    const log = new PositionedLog(this.#events);
    const replies = requests.map((request) => this.#apply(request, log));
    if (log.hashes.length > 0) this.#commits.sign(log.firstPosition, log.hashes, this.#key);
    return replies;
  }

  #apply(request: WriteRequest, log: PositionedLog): WriteReply {
    switch (request.kind) {
      case 'append':
        return this.#append(request, log);
      case 'adopt':
        return this.#adopt(request, log);
      case 'snapshot':
        this.#snapshots.save(request, this.#key);
        return { kind: 'done' };
      case 'send':
        this.#inbox.send(request.command);
        return { kind: 'done' };
      case 'withdraw':
        this.#inbox.withdraw(request.id);
        return { kind: 'done' };
      case 'answer':
        this.#inbox.answer(request.answers);
        return { kind: 'done' };
    }
  }

  #append(request: SerialisedAppend, log: PositionedLog): WriteReply {
    const head = this.#runs.head(request.run) ?? NEW_RUN;
    const refusal =
      refusalOf(request, head) ?? this.#refusalOfParent(request) ?? this.#refusalOfCommands(request, head);
    if (refusal !== undefined) return refusal;
    const lines = chainLines(request, head, this.#salt);
    const last = lines.at(-1);
    if (last === undefined)
      return { kind: 'failed', reason: 'internal/unexpected', detail: 'an append without events' };
    if (head.isArchived) this.#unarchive(request.run);
    this.#runs.put(request, headOf(last), request.row);
    if (request.purge !== undefined) this.#purge(request.run, head.seq + 1, request.purge);
    for (const line of lines) log.add(line);
    const { ts } = last.header;
    this.#inbox.answer(request.consumes.map((id) => ({ id, ts, refusal: undefined })));
    return { kind: 'appended', lastSeq: last.header.seq, lastPosition: log.lastPosition, headHash: last.hash };
  }

  /** S2. */
  #refusalOfParent({ parent, epoch }: SerialisedAppend): WriteReply | undefined {
    const above = parent === undefined ? undefined : this.#runs.head(parent);
    return above !== undefined && epoch < above.epoch ? { kind: 'fenced', epoch: above.epoch } : undefined;
  }

  /** S5. Another writer has answered it since this one read the inbox. */
  #refusalOfCommands({ consumes }: SerialisedAppend, head: StoredHead): WriteReply | undefined {
    return consumes.some((id) => this.#inbox.answerTo(id) !== undefined)
      ? { kind: 'conflict', headSeq: head.seq }
      : undefined;
  }

  /** Whoever appends to an archived run takes it out of the archive: a finished run may go on. */
  #unarchive(run: string): void {
    this.#events.unarchive(run);
    this.#runs.markArchived(run, undefined);
  }

  /** Everything of this store that repeats what the payloads said goes with them. */
  #purge(run: string, seq: number, mark: PurgeMark): void {
    this.#events.erase(run, seq);
    this.#snapshots.remove(run);
    this.#inbox.forget(run);
    this.#runs.markPurged(run, mark);
  }

  #adopt({ lines, row, origin }: Extract<WriteRequest, { kind: 'adopt' }>, log: PositionedLog): WriteReply {
    const last = lines.at(-1);
    if (last === undefined) return { kind: 'failed', reason: 'internal/unexpected', detail: 'a run without events' };
    if (this.#runs.head(last.header.run) !== undefined) return { kind: 'exists' };
    this.#runs.put(last.header, { ...headOf(last), origin }, row);
    for (const line of lines) log.add(line);
    return { kind: 'done' };
  }
}

/** The events of one group, at the positions that follow the last commit (G3). */
class PositionedLog {
  readonly firstPosition: number;
  readonly hashes: string[] = [];
  readonly #events: EventTable;

  constructor(events: EventTable) {
    this.#events = events;
    this.firstPosition = events.lastPosition() + 1;
  }

  get lastPosition(): number {
    return this.firstPosition + this.hashes.length - 1;
  }

  add(line: ExportLine): void {
    this.#events.insert(this.firstPosition + this.hashes.length, line);
    this.hashes.push(line.hash);
  }
}

/** S2. The writer of a run learns of a later epoch first: its seq is stale as well. */
function refusalOf(request: SerialisedAppend, head: StoredHead): WriteReply | undefined {
  if (request.epoch < head.epoch || head.origin !== undefined) return { kind: 'fenced', epoch: head.epoch };
  if (request.expectedSeq !== head.seq) return { kind: 'conflict', headSeq: head.seq };
  const times = [head.ts, ...request.events.map((event) => event.ts)];
  const isOrdered = times.every((ts, index) => ts >= (times[index - 1] ?? 0));
  if (isOrdered) return undefined;
  return {
    kind: 'failed',
    reason: 'internal/unexpected',
    detail: `time goes back in ${request.run} after seq ${head.seq}`,
  };
}

function randomSalt(): string {
  return randomBytes(SALT_BYTES).toString('hex');
}

function chainLines(request: SerialisedAppend, head: StoredHead, saltOf: () => string): readonly ExportLine[] {
  const lines: ExportLine[] = [];
  let previous = head.hash;
  for (const [index, { ts, kind, type, payload }] of request.events.entries()) {
    const { run, tenant, epoch } = request;
    const salt = saltOf();
    const payloadDigest = digestPayload(salt, payload, sha256);
    const seq = head.seq + 1 + index;
    const header: EventHeader = {
      format: CHAIN_FORMAT,
      run,
      seq,
      tenant,
      ts,
      kind,
      type,
      epoch,
      payloadDigest,
      previous,
    };
    const hash = hashHeader(header, sha256);
    lines.push({ header, hash, payload, salt });
    previous = hash;
  }
  return lines;
}

function headOf({ header, hash }: ExportLine): StoredHead {
  return { seq: header.seq, epoch: header.epoch, hash, ts: header.ts, origin: undefined, isArchived: false };
}
