import { randomBytes } from 'node:crypto';
import { CHAIN_FORMAT, digestPayload, type EventHeader, type ExportLine, GENESIS, hashHeader } from '@vltair/protocol';
import type { CommandAnswer, PurgeMark } from '../ports/event-store.ts';
import { askNewestCommit, newestCommitIn, type NewestCommit, signCommit, type SignedMark } from './commit-table.ts';
import { askInsert, eraseEvents, type PlacedLine, unarchiveEvents } from './event-table.ts';
import {
  answeredIn,
  askAnswer,
  askAnswered,
  askForget,
  askSend,
  askWithdraw,
  type SerialisedCommand,
} from './inbox-table.ts';
import {
  askHeads,
  askMarkArchived,
  askMarkPurged,
  askPutRuns,
  headsIn,
  type RunChange,
  type StoredHead,
} from './run-table.ts';
import { sha256 } from './sha256.ts';
import type { StoreKey } from './signing-key.ts';
import { askRemoveSnapshots, askSaveSnapshot, type SerialisedSnapshot } from './snapshot-table.ts';
import type { Ask, Work } from './statement.ts';
import { countOpening } from './store-epoch.ts';
import type { SerialisedAppend, WriteReply, WriteRequest } from './write-request.ts';

const SALT_BYTES = 16;
const NEW_RUN: StoredHead = { seq: 0, epoch: 0, hash: GENESIS, ts: 0, origin: undefined, isArchived: false };

/** What a group is committed with. */
export interface CommitMeans {
  readonly key: StoreKey;
  /** 16 bytes in hex, another one each time. */
  readonly salt: () => string;
}

/** What is still to be written, and one reply for each request that holds once it is. */
export interface Group {
  readonly replies: readonly WriteReply[];
  readonly writes: readonly Ask[];
  /** `undefined` for a group without events. */
  readonly commit: SignedMark | undefined;
}

/**
 * The one place that writes the log, inside a transaction of its driver: reads what the group of requests stands on,
 * judges them one after another, and tells what is to be written, signed.
 *
 * G1 A request that is refused has written nothing; the others of its group go on (S2, S3).
 * G2 The group is committed or rolled back as a whole; after a rollback nothing is remembered from it (S6).
 * G3 Positions follow the order of requests and commits, without gaps (S4).
 */
export function* groupCommit(requests: readonly WriteRequest[], means: CommitMeans): Work<Group> {
  const group = yield* openGroup(requests, means);
  const replies: WriteReply[] = [];
  for (const request of requests) {
    if (request.kind === 'epoch') {
      replies.push({ kind: 'epoch', epoch: yield* countOpening() });
      continue;
    }
    const { reply, also } = group.take(request);
    replies.push(reply);
    if (also === undefined) continue;
    yield group.writes(); // it changes what this group has written
    yield* also;
  }
  const commit = group.sign();
  return { replies, writes: [...group.writes(), ...(commit?.asks ?? [])], commit };
}

const salts = { left: Buffer.alloc(0) };
const SALTS_AT_A_TIME = 512;

/** One question to the system serves many events. No byte is given twice. */
export function randomSalt(): string {
  if (salts.left.length === 0) salts.left = randomBytes(SALT_BYTES * SALTS_AT_A_TIME);
  const salt = salts.left.toString('hex', 0, SALT_BYTES);
  salts.left = salts.left.subarray(SALT_BYTES);
  return salt;
}

/** Reads, in one step, all that the requests are judged by. */
function* openGroup(requests: readonly WriteRequest[], means: CommitMeans): Work<OpenGroup> {
  const runs = new Set(requests.flatMap(runsOf));
  const commands = requests.flatMap((request) => (request.kind === 'append' ? request.consumes : []));
  const [heads, answered, newest] = yield [askHeads([...runs]), askAnswered(commands), askNewestCommit];
  return new OpenGroup(
    { heads: headsIn(heads), answered: answeredIn(answered), newest: newestCommitIn(newest) },
    means,
  );
}

function runsOf(request: WriteRequest): readonly string[] {
  switch (request.kind) {
    case 'append':
      return request.parent === undefined ? [request.run] : [request.run, request.parent];
    case 'adopt':
      return request.lines.slice(-1).map(({ header }) => header.run);
    default:
      return [];
  }
}

interface Found {
  readonly heads: Map<string, StoredHead>;
  readonly answered: Set<string>;
  readonly newest: NewestCommit | undefined;
}

/** A judged request. `also` is work on rows that are there before, or that this group has written. */
interface Taken {
  readonly reply: WriteReply;
  readonly also?: Work<void>;
}

const DONE: Taken = { reply: { kind: 'done' } };

/** A group in the making: what the store holds, as far as requests look at it, with what the group has changed in it. */
class OpenGroup {
  readonly #found: Found;
  readonly #means: CommitMeans;
  readonly #hashes: string[] = [];
  readonly #runs = new Map<string, RunChange>();
  #lines: PlacedLine[] = [];
  #snapshots: SerialisedSnapshot[] = [];
  /** By id: the same twice is one command. */
  readonly #sent = new Map<string, SerialisedCommand>();
  #answers: CommandAnswer[] = [];

  constructor(found: Found, means: CommitMeans) {
    this.#found = found;
    this.#means = means;
  }

  take(request: Exclude<WriteRequest, { kind: 'epoch' }>): Taken {
    switch (request.kind) {
      case 'append':
        return this.#append(request);
      case 'adopt':
        return this.#adopt(request);
      case 'snapshot':
        this.#snapshots.push(request);
        return DONE;
      case 'send':
        this.#send(request.command);
        return DONE;
      case 'withdraw':
        return { ...DONE, also: asking([askWithdraw(request.id)]) };
      case 'answer':
        this.#answer(request.answers);
        return DONE;
    }
  }

  /** What has been judged since the last call, in the order in which rows refer to each other. */
  writes(): readonly Ask[] {
    const writes = [
      ...askPutRuns([...this.#runs.values()]),
      ...askInsert(this.#lines),
      ...this.#snapshots.flatMap((snapshot) => askSaveSnapshot(snapshot, this.#means.key)),
      ...askSend([...this.#sent.values()]),
      ...askAnswer(this.#answers),
    ];
    this.#runs.clear();
    this.#sent.clear();
    [this.#lines, this.#snapshots, this.#answers] = [[], [], []];
    return writes;
  }

  #send(command: SerialisedCommand): void {
    const { claimedBy } = this.#sent.get(command.id) ?? command;
    this.#sent.set(command.id, { ...command, claimedBy: command.claimedBy ?? claimedBy });
  }

  sign(): SignedMark | undefined {
    if (this.#hashes.length === 0) return undefined;
    return signCommit({ newest: this.#found.newest, hashes: this.#hashes }, this.#means.key);
  }

  #append(request: SerialisedAppend): Taken {
    const { run, tenant, row } = request;
    const head = this.#found.heads.get(run) ?? NEW_RUN;
    const refusal =
      refusalOf(request, head) ?? this.#refusalOfParent(request) ?? this.#refusalOfCommands(request, head);
    if (refusal !== undefined) return { reply: refusal };
    const lines = chainLines(request, head, this.#means.salt);
    const last = lines.at(-1);
    if (last === undefined) return failed('an append without events');
    this.#put({ run, tenant, head: headOf(last), row }, lines);
    const { ts, seq: lastSeq } = last.header;
    this.#answer(request.consumes.map((id) => ({ id, ts, refusal: undefined })));
    const reply: WriteReply = { kind: 'appended', lastSeq, lastPosition: this.#lastPosition(), headHash: last.hash };
    return isPlain(request, head) ? { reply } : { reply, also: changeOfOld(request, head) };
  }

  #put(change: RunChange, lines: readonly ExportLine[]): void {
    this.#found.heads.set(change.run, change.head);
    this.#runs.set(change.run, change);
    for (const line of lines) {
      this.#hashes.push(line.hash);
      this.#lines.push({ ...line, position: this.#lastPosition() });
    }
  }

  /** G3. */
  #lastPosition(): number {
    return (this.#found.newest?.lastPosition ?? 0) + this.#hashes.length;
  }

  #answer(answers: readonly CommandAnswer[]): void {
    for (const answer of answers) this.#found.answered.add(answer.id);
    this.#answers.push(...answers);
  }

  /** S2. */
  #refusalOfParent({ parent, epoch }: SerialisedAppend): WriteReply | undefined {
    const above = parent === undefined ? undefined : this.#found.heads.get(parent);
    return above !== undefined && epoch < above.epoch ? { kind: 'fenced', epoch: above.epoch } : undefined;
  }

  /** S5. Another writer has answered it since this one read the inbox. */
  #refusalOfCommands({ consumes }: SerialisedAppend, head: StoredHead): WriteReply | undefined {
    return consumes.some((id) => this.#found.answered.has(id)) ? { kind: 'conflict', headSeq: head.seq } : undefined;
  }

  #adopt({ lines, row, origin }: Extract<WriteRequest, { kind: 'adopt' }>): Taken {
    const last = lines.at(-1);
    if (last === undefined) return failed('a run without events');
    const { run, tenant } = last.header;
    if (this.#found.heads.has(run)) return { reply: { kind: 'exists' } };
    this.#put({ run, tenant, head: { ...headOf(last), origin }, row }, lines);
    return DONE;
  }
}

function isPlain({ purge }: SerialisedAppend, { isArchived }: StoredHead): boolean {
  return purge === undefined && !isArchived;
}

/** What an append does to rows that are there before it. */
function* changeOfOld({ run, purge }: SerialisedAppend, head: StoredHead): Work<void> {
  if (head.isArchived) yield* unarchive(run);
  if (purge !== undefined) yield* purgeBefore(run, head.seq + 1, purge);
}

/** Whoever appends to an archived run takes it out of the archive: a finished run may go on. */
function* unarchive(run: string): Work<void> {
  yield* unarchiveEvents(run);
  yield [askMarkArchived(run, undefined)];
}

/** Everything of this store that repeats what the payloads said goes with them. */
function* purgeBefore(run: string, seq: number, mark: PurgeMark): Work<void> {
  yield* eraseEvents(run, seq);
  yield [askRemoveSnapshots(run), askForget(run), askMarkPurged(run, mark)];
}

function* asking(asks: readonly Ask[]): Work<void> {
  yield asks;
}

function failed(detail: string): Taken {
  return { reply: { kind: 'failed', reason: 'internal/unexpected', detail } };
}

/** S2. The writer of a run learns of a later epoch first: its seq is stale as well. */
function refusalOf(request: SerialisedAppend, head: StoredHead): WriteReply | undefined {
  if (request.epoch < head.epoch || head.origin !== undefined) return { kind: 'fenced', epoch: head.epoch };
  if (request.expectedSeq !== head.seq) return { kind: 'conflict', headSeq: head.seq };
  const times = [head.ts, ...request.events.map((event) => event.ts)];
  const isOrdered = times.every((ts, index) => ts >= (times[index - 1] ?? 0));
  return isOrdered ? undefined : failed(`time goes back in ${request.run} after seq ${head.seq}`).reply;
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
