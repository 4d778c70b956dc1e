import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { failureSchema } from '@vltair/protocol';
import { type RunProjection, type RunQuery, type RunRow, runStatuses } from '../ports/event-store.ts';
import { integerIn, oneOfIn, optionalTextIn, type SqliteRow, textIn } from './sqlite-row.ts';

/** The end of a run's stream, and whether another store wrote it. */
export interface StoredHead {
  readonly seq: number;
  readonly epoch: number;
  readonly hash: string;
  readonly ts: number;
  readonly origin: string | undefined;
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
  readonly #query: StatementSync;

  constructor(database: DatabaseSync) {
    this.#head = database.prepare('SELECT seq, epoch, hash, head_ts, origin FROM runs WHERE run = ?');
    this.#put = database.prepare(
      `INSERT INTO runs (run, tenant, seq, epoch, hash, head_ts, origin, status, workflow, title, join_key, trace_id, created_ts, updated_ts, failure)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (run) DO UPDATE SET seq = excluded.seq, epoch = excluded.epoch, hash = excluded.hash, head_ts = excluded.head_ts,
         status = excluded.status, workflow = excluded.workflow, title = excluded.title, join_key = excluded.join_key,
         trace_id = excluded.trace_id, created_ts = excluded.created_ts, updated_ts = excluded.updated_ts, failure = excluded.failure`,
    );
    this.#one = database.prepare('SELECT * FROM runs WHERE run = ?');
    this.#query = database.prepare(
      `SELECT * FROM runs
       WHERE (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses))) AND (:joinKey IS NULL OR join_key = :joinKey)
       ORDER BY created_ts DESC, number DESC LIMIT :limit`,
    );
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
    );
  }

  one(run: string): RunRow | undefined {
    const row = this.#one.get(run);
    return row === undefined ? undefined : runRowOf(row);
  }

  query({ statuses, joinKey, limit = DEFAULT_LIMIT }: RunQuery): readonly RunRow[] {
    const wanted = statuses === undefined ? null : JSON.stringify(statuses);
    return this.#query.all({ statuses: wanted, joinKey: joinKey ?? null, limit }).map(runRowOf);
  }
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
  };
}
