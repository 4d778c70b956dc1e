import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type ExportLine, readPayload, type StoredEvent, VltairError } from '@vltair/protocol';
import type {
  CommandAnswer,
  InboxCommand,
  LogEntry,
  RunHead,
  RunQuery,
  RunRow,
  RunStatus,
  SignedCommit,
  Snapshot,
} from '../ports/event-store.ts';
import { type ChainPoint, chainPointOf, chainStart, faultOfLine, faultOfLink } from './chain-check.ts';
import { CommitTable } from './commit-table.ts';
import { EventTable } from './event-table.ts';
import { InboxTable } from './inbox-table.ts';
import { RunTable } from './run-table.ts';
import type { StoreKey } from './signing-key.ts';
import { SnapshotTable } from './snapshot-table.ts';
import { inStore } from './sqlite-error.ts';
import { integerIn } from './sqlite-row.ts';

/** Everything that is read, on the calling thread, over a connection that cannot write. */
export class JournalReader {
  readonly #database: DatabaseSync;
  readonly #directory: string;
  readonly #events: EventTable;
  readonly #runs: RunTable;
  readonly #commits: CommitTable;
  readonly #snapshots: SnapshotTable;
  readonly #inbox: InboxTable;
  readonly #dataVersion: StatementSync;
  readonly #ownChanges: StatementSync;

  constructor(database: DatabaseSync, directory: string) {
    this.#database = database;
    this.#directory = directory;
    this.#events = new EventTable(database);
    this.#runs = new RunTable(database);
    this.#commits = new CommitTable(database);
    this.#snapshots = new SnapshotTable(database);
    this.#inbox = new InboxTable(database);
    this.#dataVersion = database.prepare('PRAGMA data_version');
    this.#ownChanges = database.prepare('SELECT total_changes() AS changes');
  }

  read(run: string, after: number): readonly StoredEvent[] {
    const { entries, before, head } = this.#inSnapshot(() => ({
      entries: this.#events.ofRun(run, after, Number.MAX_SAFE_INTEGER),
      before: this.#pointAt(run, after),
      head: this.#runs.head(run),
    }));
    if (head === undefined || after >= head.seq) return [];
    if (before === undefined) throw brokenChain(run, after, 'it is missing');
    const end = checkLinks(entries, before);
    if (end.seq !== head.seq || end.hash !== head.hash)
      throw brokenChain(run, end.seq + 1, 'the end of the log is missing');
    return entries.map(storedEventOf);
  }

  tail(after: number, limit: number): readonly StoredEvent[] {
    return this.#inSnapshot(() => this.#events.after(after, limit)).map((entry) => {
      const fault = faultOfLine(entry);
      if (fault !== undefined) throw brokenChain(entry.header.run, entry.header.seq, fault);
      return storedEventOf(entry);
    });
  }

  head(run: string): RunHead | undefined {
    const head = this.#guard(() => this.#runs.head(run));
    return head === undefined ? undefined : { seq: head.seq, epoch: head.epoch, hash: head.hash };
  }

  entries(run: string, after: number, limit: number): readonly LogEntry[] {
    return this.#inSnapshot(() => this.#events.ofRun(run, after, limit));
  }

  commits(after: number, limit: number): readonly SignedCommit[] {
    return this.#inSnapshot(() => this.#commits.after(after, limit));
  }

  commitsOf(run: string, after: number, limit: number): readonly SignedCommit[] {
    return this.#inSnapshot(() => this.#commits.ofRun(run, after, limit));
  }

  runs(query: RunQuery): readonly RunRow[] {
    return this.#guard(() => this.#runs.query(query));
  }

  run(id: string): RunRow | undefined {
    return this.#guard(() => this.#runs.one(id));
  }

  counts(): Readonly<Record<RunStatus, number>> {
    const counts = this.#guard(() => this.#runs.counts());
    const of = (status: RunStatus): number => counts.get(status) ?? 0;
    return {
      queued: of('queued'),
      running: of('running'),
      paused: of('paused'),
      succeeded: of('succeeded'),
      failed: of('failed'),
      cancelled: of('cancelled'),
    };
  }

  inbox(): readonly InboxCommand[] {
    return this.#guard(() => this.#inbox.all());
  }

  answerTo(id: string): CommandAnswer | undefined {
    return this.#guard(() => this.#inbox.answerTo(id));
  }

  loadSnapshot(run: string, schema: number, key: StoreKey): Snapshot | undefined {
    return this.#guard(() => this.#snapshots.load(run, schema, key));
  }

  /** `data_version` tells of the commits of other connections alone. */
  changes(): number {
    return this.#guard(
      () =>
        integerIn(this.#dataVersion.get() ?? {}, 'data_version') + integerIn(this.#ownChanges.get() ?? {}, 'changes'),
    );
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #pointAt(run: string, seq: number): ChainPoint | undefined {
    if (seq === 0) return chainStart(run);
    const hash = this.#events.hashAt(run, seq);
    return hash === undefined ? undefined : { run, seq, hash };
  }

  /** Several statements that see one state of the store. */
  #inSnapshot<T>(work: () => T): T {
    return this.#guard(() => {
      this.#database.exec('BEGIN');
      try {
        return work();
      } finally {
        this.#database.exec('COMMIT');
      }
    });
  }

  #guard<T>(work: () => T): T {
    return inStore(this.#directory, work);
  }
}

/** Follows the chain over `lines` and gives its end. @throws VltairError `internal/chain_broken` naming run and seq. */
function checkLinks(lines: readonly ExportLine[], start: ChainPoint): ChainPoint {
  let point = start;
  for (const line of lines) {
    const fault = faultOfLink(line, point);
    if (fault !== undefined) throw brokenChain(point.run, point.seq + 1, fault);
    point = chainPointOf(line);
  }
  return point;
}

function brokenChain(run: string, seq: number, fault: string): VltairError {
  return new VltairError('internal/chain_broken', {
    detail: `event ${seq} of run ${run}: ${fault}`,
    where: `${run}:${seq}`,
  });
}

function storedEventOf({ position, header, hash, payload }: LogEntry): StoredEvent {
  const { run, seq, ts, epoch, kind } = header;
  if (payload === undefined)
    throw new VltairError('not_found/payload', { detail: `event ${seq} of run ${run}`, where: `${run}:${seq}` });
  return { position, run, seq, ts, epoch, kind, payload: readPayload(header, payload), header, hash };
}
