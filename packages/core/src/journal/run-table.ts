import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { failureSchema } from '@vltair/protocol';
import {
  type PurgeMark,
  type RunProjection,
  type RunQuery,
  type RunRow,
  type RunStatus,
  runStatuses,
} from '../ports/event-store.ts';
import { integerIn, oneOfIn, optionalIntegerIn, optionalTextIn, type SqliteRow, textIn } from './sqlite-row.ts';

/** The end of a run's stream, and whether another store wrote it. */
export interface StoredHead {
  readonly seq: number;
  readonly epoch: number;
  readonly hash: string;
  readonly ts: number;
  readonly origin: string | undefined;
  readonly isArchived: boolean;
}

export interface RunIdentity {
  readonly run: string;
  readonly tenant: string;
}

const DEFAULT_LIMIT = 100;

/** The table `runs`: one row for each run, its head and what lists show. */
export class RunTable {
  readonly #head: StatementSync;
  readonly #put: StatementSync;
  readonly #one: StatementSync;
  readonly #queries = new Map<string, StatementSync>();
  readonly #database: DatabaseSync;
  readonly #due: StatementSync;
  readonly #counts: StatementSync;
  readonly #archived: StatementSync;
  readonly #purged: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#head = database.prepare('SELECT seq, epoch, hash, head_ts, origin, archived_ts FROM runs WHERE run = ?');
    this.#put = database.prepare(
      `INSERT INTO runs (run, tenant, seq, epoch, hash, head_ts, origin, status, workflow, title, join_key, trace_id, created_ts, updated_ts, failure, wake_ts)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (run) DO UPDATE SET seq = excluded.seq, epoch = excluded.epoch, hash = excluded.hash, head_ts = excluded.head_ts,
         status = excluded.status, workflow = excluded.workflow, title = excluded.title, join_key = excluded.join_key,
         trace_id = excluded.trace_id, created_ts = excluded.created_ts, updated_ts = excluded.updated_ts, failure = excluded.failure,
         wake_ts = excluded.wake_ts`,
    );
    this.#one = database.prepare('SELECT * FROM runs WHERE run = ?');
    this.#counts = database.prepare('SELECT status, count(*) AS count FROM runs GROUP BY status');
    this.#archived = database.prepare('UPDATE runs SET archived_ts = ? WHERE run = ?');
    this.#purged = database.prepare('UPDATE runs SET purged_ts = ?, purged_by = ? WHERE run = ?');
    this.#due = database.prepare('SELECT * FROM runs WHERE wake_ts <= ? AND origin IS NULL ORDER BY wake_ts LIMIT ?');
  }

  /** How many runs have each status that some run has. */
  counts(): ReadonlyMap<RunStatus, number> {
    return new Map(
      this.#counts.all().map((row) => [oneOfIn(row, 'status', runStatuses), integerIn(row, 'count')] as const),
    );
  }

  /** `undefined`: it is not archived any more. */
  markArchived(run: string, ts: number | undefined): void {
    this.#archived.run(ts ?? null, run);
  }

  markPurged(run: string, { ts, by }: PurgeMark): void {
    this.#purged.run(ts, by, run);
  }

  head(run: string): StoredHead | undefined {
    const row = this.#head.get(run);
    if (row === undefined) return undefined;
    return {
      seq: integerIn(row, 'seq'),
      epoch: integerIn(row, 'epoch'),
      hash: textIn(row, 'hash'),
      ts: integerIn(row, 'head_ts'),
      origin: optionalTextIn(row, 'origin'),
      isArchived: optionalIntegerIn(row, 'archived_ts') !== undefined,
    };
  }

  put({ run, tenant }: RunIdentity, head: StoredHead, row: RunProjection): void {
    this.#put.run(
      run,
      tenant,
      head.seq,
      head.epoch,
      head.hash,
      head.ts,
      head.origin ?? null,
      row.status,
      row.workflow,
      row.title,
      row.joinKey ?? null,
      row.traceId,
      row.createdTs,
      row.updatedTs,
      row.failure === undefined ? null : JSON.stringify(row.failure),
      row.wakeTs ?? null,
    );
  }

  one(run: string): RunRow | undefined {
    const row = this.#one.get(run);
    return row === undefined ? undefined : runRowOf(row);
  }

  query({ statuses, joinKey, idPart, isWhole, wakeBy, limit = DEFAULT_LIMIT }: RunQuery): readonly RunRow[] {
    if (wakeBy !== undefined) return this.#due.all(wakeBy, limit).map(runRowOf);
    const wanted: Partial<Record<keyof typeof conditions, string>> = {
      ...(statuses === undefined ? {} : { statuses: JSON.stringify(statuses) }),
      ...(joinKey === undefined ? {} : { joinKey }),
      ...(idPart === undefined ? {} : { idPart }),
    };
    return this.#queryFor([...Object.keys(wanted), ...(isWhole === true ? ['isWhole'] : [])])
      .all({ ...wanted, limit })
      .map(runRowOf);
  }

  /** Rows are found in an index and only then read, at most as many as are asked for: a store has more runs than a list shows. */
  #queryFor(names: readonly string[]): StatementSync {
    const where = Object.entries(conditions).flatMap(([name, condition]) => (names.includes(name) ? [condition] : []));
    const text = `SELECT * FROM runs WHERE number IN (
        SELECT number FROM runs WHERE ${['TRUE', ...where].join(' AND ')} ${NEWEST_FIRST} LIMIT :limit
      ) ${NEWEST_FIRST}`;
    const statement = this.#queries.get(text) ?? this.#database.prepare(text);
    this.#queries.set(text, statement);
    return statement;
  }
}

const NEWEST_FIRST = 'ORDER BY created_ts DESC, number DESC';
const conditions = {
  statuses: 'status IN (SELECT value FROM json_each(:statuses))',
  joinKey: 'join_key = :joinKey',
  idPart: 'instr(run, :idPart) > 0',
  isWhole: "instr(run, '.') = 0",
} as const;

function purgeIn(row: SqliteRow): PurgeMark | undefined {
  const [ts, by] = [optionalIntegerIn(row, 'purged_ts'), optionalTextIn(row, 'purged_by')];
  return ts === undefined || by === undefined ? undefined : { ts, by };
}

function runRowOf(row: SqliteRow): RunRow {
  const failure = optionalTextIn(row, 'failure');
  return {
    run: textIn(row, 'run'),
    tenant: textIn(row, 'tenant'),
    seq: integerIn(row, 'seq'),
    epoch: integerIn(row, 'epoch'),
    origin: optionalTextIn(row, 'origin'),
    status: oneOfIn(row, 'status', runStatuses),
    workflow: textIn(row, 'workflow'),
    title: textIn(row, 'title'),
    joinKey: optionalTextIn(row, 'join_key'),
    traceId: textIn(row, 'trace_id'),
    createdTs: integerIn(row, 'created_ts'),
    updatedTs: integerIn(row, 'updated_ts'),
    failure: failure === undefined ? undefined : failureSchema.parse(JSON.parse(failure)),
    wakeTs: optionalIntegerIn(row, 'wake_ts'),
    archivedTs: optionalIntegerIn(row, 'archived_ts'),
    purged: purgeIn(row),
  };
}
