import type { ErrorReason, EventPayload, ExportLine, Failure, JsonObject, StoredEvent } from '@vltair/protocol';
import type { InboxClaim, Leases } from './leases.ts';

/**
 * The journal port. One store holds many runs; each run is one stream of events with a single writer.
 *
 * S1 Acknowledged means durable: when {@link EventStore.append} resolves with `appended`, the events survive a kill and
 *    a power cut.
 * S2 An append names the seq that it expects and the writer's epoch. Another head is a `conflict`, an older epoch is
 *    `fenced`; in both cases nothing of the append is written. What begins under another run is `fenced` by the epoch of
 *    that one as well: only its present owner begins its children.
 * S3 Appends of several runs that arrive during a commit share the next one; the conflict of one does not fail another.
 * S4 Positions are assigned in commit order: whoever follows the store from a position misses nothing.
 * S5 Events, the run's row and the removal of consumed commands are one transaction. An append that consumes a command
 *    which has been answered before is a `conflict`: a command is applied at most once, whoever has read it.
 * S6 A rejected append (full disk, lost worker) leaves the outcome unknown: the caller discards its folded state and
 *    reloads; {@link EventStore.head} tells whether the append landed.
 * S7 A run that another opening has written is verified against its signed commits before it is appended to: what
 *    follows a forgery is never signed. The append rejects with `internal/chain_broken`, and nothing of it is written.
 */
export interface EventStore extends Inbox, Projection {
  append(request: AppendRequest): Promise<AppendOutcome>;
  /** A number that is higher than all before it, under which this writer takes runs over. */
  takeEpoch(): Promise<number>;
  /** The events of a run with seq > `after`, in order. Each has been checked against the chain: a broken link throws `internal/chain_broken`. */
  read(run: string, after?: number): Promise<readonly StoredEvent[]>;
  head(run: string): Promise<RunHead | undefined>;
  /** Events of all runs with position > `after`, in commit order, at most `limit`. */
  tail(after: number, limit: number): Promise<readonly StoredEvent[]>;

  saveSnapshot(snapshot: Snapshot): Promise<void>;
  /** The newest snapshot whose MAC and schema hold; others are ignored, never repaired. */
  loadSnapshot(run: string, schema: number): Promise<Snapshot | undefined>;

  /** A number that differs after a commit of any process: cheap, to be polled by whoever waits for others. */
  changes(): number;

  /** The lines of a run with seq > `after`, at most `limit`, exactly as they are stored: unchecked, a purged one without payload and salt. */
  entries(run: string, after: number, limit: number): Promise<readonly LogEntry[]>;
  /** The signed group commits with a number > `after`, in order, at most `limit`: unchecked. */
  commits(after: number, limit: number): Promise<readonly SignedCommit[]>;
  /** Those of them that hold events of a run. */
  commitsOf(run: string, after: number, limit: number): Promise<readonly SignedCommit[]>;
  /** Takes in a verified run of another store, hashes kept. It can be read and exported, never appended to (`fenced`). */
  adopt(run: ForeignRun): Promise<'adopted' | 'exists'>;
  /** Which store this is, and the backup that it was made of. */
  identity(): Promise<StoreIdentity>;
  /** Signs in the name of this store. */
  signer(): Signer;

  /** This process's ownership of the store. A writer has a number that is higher than all before it. */
  readonly ownership: Ownership;
  /** Of a store that several writers share; `undefined` where there is one at a time. */
  readonly leases: Leases | undefined;
  close(): Promise<void>;
}

/** Commands from any process to the owners of runs. An append that answers one removes it in its own transaction (S5). */
export interface Inbox {
  /**
   * Puts a command for a run into the inbox; any process may. The same id twice is one command. On a shared store, the
   * writer of `claimedBy` is the one that answers it, unless the run has another living one.
   */
  send(command: InboxCommand, claimedBy?: number): Promise<void>;
  /** Takes a command back that still waits: it is as if it had not been sent. Any process may. */
  withdraw(commandId: string): Promise<void>;
  /** Commands that wait, oldest first. */
  inbox(): Promise<readonly InboxCommand[]>;
  /**
   * The commands that this writer is to answer, oldest first: all, where there is one writer at a time. On a shared store,
   * those for its own runs, those that it has sent itself, and, for one that stays, those that no living writer would
   * answer; nobody else is given them while it lives.
   */
  claim(wish: InboxClaim): Promise<readonly InboxCommand[]>;
  /** Removes commands that became no event, and keeps what became of them for {@link Inbox.answerTo}. */
  answer(answers: readonly CommandAnswer[]): Promise<void>;
  /** What became of a command; `undefined` while it waits, when nobody sent it, and a week after its answer. */
  answerTo(commandId: string): Promise<CommandAnswer | undefined>;
}

/** The runs as lists show them: rows that every append sets in its own transaction (S5). */
export interface Projection {
  runs(query: RunQuery): Promise<readonly RunRow[]>;
  run(id: string): Promise<RunRow | undefined>;
  /** How many runs there are of each status. */
  counts(): Promise<Readonly<Record<RunStatus, number>>>;
}

/**
 * `writer`: this process may append, under `epoch`; alone, unless the store has {@link Leases}, whose writers may take
 * runs over from each other. `reader`: another process, `owner`, does.
 */
export type Ownership =
  | { readonly kind: 'writer'; readonly epoch: number }
  | { readonly kind: 'reader'; readonly owner: OwnerProcess | undefined };

export interface OwnerProcess {
  readonly pid: number;
  /** Start time in clock ticks since boot, as the kernel counts it: tells a recycled pid apart. */
  readonly startTime: string;
  readonly since: number;
}

export interface AppendRequest {
  readonly run: string;
  readonly tenant: string;
  /** The seq of the run's last event; 0 for a new run. */
  readonly expectedSeq: number;
  readonly epoch: number;
  readonly events: readonly NewEvent[];
  /** The run's row after these events. */
  readonly row: RunProjection;
  /** Inbox commands that these events answer. */
  readonly consumes?: readonly string[];
  /** The run that a new one begins under. */
  readonly parent?: string | undefined;
  /** These events end what can be read of the run: payloads and salts before them are erased in the same transaction. */
  readonly purge?: PurgeMark;
}

export interface NewEvent {
  readonly ts: number;
  readonly payload: EventPayload;
}

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly lastSeq: number; readonly lastPosition: number; readonly headHash: string }
  | { readonly kind: 'conflict'; readonly headSeq: number }
  | { readonly kind: 'fenced'; readonly epoch: number };

export interface RunHead {
  readonly seq: number;
  readonly epoch: number;
  readonly hash: string;
}

export const runStatuses = ['queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof runStatuses)[number];

/** The statuses that a run ends with. */
export const endStatuses = ['succeeded', 'failed', 'cancelled'] as const;

export function isEndStatus(status: string): boolean {
  return endStatuses.some((each) => each === status);
}

/** What lists of runs show, kept current in the append transaction. */
export interface RunProjection {
  readonly status: RunStatus;
  readonly workflow: string;
  readonly title: string;
  readonly joinKey: string | undefined;
  readonly traceId: string;
  readonly createdTs: number;
  readonly updatedTs: number;
  readonly failure: Failure | undefined;
  /** When the next timer of a paused run is due; `undefined` when it has none, or is at work. */
  readonly wakeTs: number | undefined;
}

export interface RunRow extends RunProjection {
  readonly run: string;
  readonly tenant: string;
  readonly seq: number;
  readonly epoch: number;
  /** Where an adopted run came from; `undefined` for the runs of this store. Whoever recovers runs leaves adopted ones alone. */
  readonly origin: string | undefined;
  /** Since when the run lies compressed in the archive; it reads as before. */
  readonly archivedTs?: number | undefined;
  /** Who erased its payloads, and when. */
  readonly purged?: PurgeMark | undefined;
}

export interface PurgeMark {
  readonly ts: number;
  readonly by: string;
}

/** An event as it is stored and exported. */
export interface LogEntry extends ExportLine {
  readonly position: number;
}

/** A group commit: its statement (canonical JSON of a `CommitStatement`), who signed it, and the hashes of the events at its positions. */
export interface SignedCommit {
  readonly statement: string;
  readonly signature: string;
  /** Ed25519, raw 32 bytes in hex. */
  readonly publicKey: string;
  readonly hashes: readonly string[];
}

export interface StoreIdentity {
  /** 16 bytes in hex; a restored store has another than its original. */
  readonly store: string;
  readonly since: number;
  /** What it was restored from. */
  readonly backup: string | undefined;
}

/** Verified before it is handed over: the store checks nothing but that it has no such run yet. */
export interface ForeignRun {
  readonly lines: readonly ExportLine[];
  readonly row: RunProjection;
  /** The fingerprint of the key that signed the export, or `unsigned`. */
  readonly origin: string;
}

/** Ed25519. */
export interface Signer {
  /** Raw 32 bytes in hex. */
  readonly publicKey: string;
  readonly fingerprint: string;
  /** The signature over the UTF-8 bytes of `text`, in hex. */
  sign(text: string): string;
}

export interface RunQuery {
  readonly statuses?: readonly RunStatus[];
  readonly joinKey?: string;
  /** Only runs whose id has these characters somewhere. */
  readonly idPart?: string;
  /** Only runs that are no part of another one. */
  readonly isWhole?: boolean;
  /** Of a shared store: only runs that no other living writer than the one of these epochs has. */
  readonly availableTo?: readonly number[];
  /** Only runs whose timer is due by then. */
  readonly wakeBy?: number;
  /** Newest first; default 100. */
  readonly limit?: number;
}

/** Folded state at a seq: plain data, authenticated by the store. */
export interface Snapshot {
  readonly run: string;
  readonly seq: number;
  /** The hash of the event at `seq`. */
  readonly hash: string;
  /** Version of the state's shape; another version is not loaded. */
  readonly schema: number;
  readonly state: JsonObject;
}

/** What became of a command of the inbox. Without a refusal it was done, by an event or because there was nothing to do. */
export interface CommandAnswer {
  readonly id: string;
  readonly ts: number;
  readonly refusal: CommandRefusal | undefined;
}

/** Why a command was refused: what its sender has to be told. */
export interface CommandRefusal {
  readonly reason: ErrorReason;
  /** The whole sentence, for people. */
  readonly message: string;
  readonly where: string | undefined;
}

/** The tenant of whatever names none. */
export const DEFAULT_TENANT = 'default';

export interface InboxCommand {
  readonly id: string;
  readonly run: string;
  readonly command: JsonObject;
  readonly ts: number;
  /** Of a run that is still to begin; absent: that of the store's opening, else `default`. */
  readonly tenant?: string;
}
