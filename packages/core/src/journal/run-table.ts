import { failureSchema } from '@vltair/protocol';
import {
  type PurgeMark,
  type RunProjection,
  type RunQuery,
  type RunRow,
  type RunStatus,
  runStatuses,
} from '../ports/event-store.ts';
import { IS_AVAILABLE } from './lease-table.ts';
import { integerIn, oneOfIn, optionalIntegerIn, optionalTextIn, type Row, textIn } from './row.ts';
import {
  type Ask,
  ask,
  askAll,
  batch,
  type Parameters,
  rowOf,
  rowsOf,
  statement,
  type Statement,
  type Work,
} from './statement.ts';

/** The end of a run's stream, and whether another store wrote it. */
export interface StoredHead {
  readonly seq: number;
  readonly epoch: number;
  readonly hash: string;
  readonly ts: number;
  readonly origin: string | undefined;
  readonly isArchived: boolean;
}

interface RunIdentity {
  readonly run: string;
  readonly tenant: string;
}

/** A run's row as it is to be: its head, and what lists show. */
export interface RunChange extends RunIdentity {
  readonly head: StoredHead;
  readonly row: RunProjection;
}

const DEFAULT_LIMIT = 100;

/** What a row takes from a change; the other columns are set when the run is made, or by themselves. */
const CHANGING = [
  'seq',
  'epoch',
  'hash',
  'head_ts',
  'status',
  'workflow',
  'title',
  'join_key',
  'trace_id',
  'created_ts',
  'updated_ts',
  'failure',
  'wake_ts',
] as const;
const upsertRuns = batch({
  into: 'runs',
  columns: {
    run: 'text',
    tenant: 'text',
    seq: 'bigint',
    epoch: 'bigint',
    hash: 'text',
    head_ts: 'bigint',
    origin: 'text',
    status: 'text',
    workflow: 'text',
    title: 'text',
    join_key: 'text',
    trace_id: 'text',
    created_ts: 'bigint',
    updated_ts: 'bigint',
    failure: 'text',
    wake_ts: 'bigint',
  },
  then: `ON CONFLICT (run) DO UPDATE SET ${CHANGING.map((column) => `${column} = excluded.${column}`).join(', ')}`,
});
const HEAD = 'run, seq, epoch, hash, head_ts, origin, archived_ts';
const selectHead = statement(`SELECT ${HEAD} FROM runs WHERE run = :run`);
const selectHeads = statement(`SELECT ${HEAD} FROM runs WHERE run IN :runs[]`);
const selectOne = statement('SELECT * FROM runs WHERE run = :run');
const DUE = 'SELECT * FROM runs WHERE wake_ts <= :wakeBy AND origin IS NULL';
const selectDue = statement(`${DUE} ORDER BY wake_ts LIMIT :limit`);
const selectAvailableDue = statement(`${DUE} AND ${IS_AVAILABLE} ORDER BY wake_ts LIMIT :limit`);
const selectCounts = statement('SELECT status, count(*) AS count FROM runs GROUP BY status');
const updateArchived = statement('UPDATE runs SET archived_ts = :ts WHERE run = :run');
const updatePurged = statement('UPDATE runs SET purged_ts = :ts, purged_by = :by WHERE run = :run');

/** How many runs have each status that some run has. */
export function* runCounts(): Work<ReadonlyMap<RunStatus, number>> {
  const rows = yield* rowsOf(selectCounts);
  return new Map(rows.map((row) => [oneOfIn(row, 'status', runStatuses), integerIn(row, 'count')] as const));
}

/** `undefined`: it is not archived any more. */
export function askMarkArchived(run: string, ts: number | undefined): Ask {
  return ask(updateArchived, { run, ts: ts ?? null });
}

export function askMarkPurged(run: string, { ts, by }: PurgeMark): Ask {
  return ask(updatePurged, { run, ts, by });
}

export function* headOfRun(run: string): Work<StoredHead | undefined> {
  const row = yield* rowOf(selectHead, { run });
  return row === undefined ? undefined : headIn(row);
}

export function askHeads(runs: readonly string[]): Ask {
  return ask(selectHeads, { runs });
}

export function headsIn(rows: readonly Row[] = []): Map<string, StoredHead> {
  return new Map(rows.map((row) => [textIn(row, 'run'), headIn(row)]));
}

function headIn(row: Row): StoredHead {
  return {
    seq: integerIn(row, 'seq'),
    epoch: integerIn(row, 'epoch'),
    hash: textIn(row, 'hash'),
    ts: integerIn(row, 'head_ts'),
    origin: optionalTextIn(row, 'origin'),
    isArchived: optionalIntegerIn(row, 'archived_ts') !== undefined,
  };
}

/** Each run once. */
export function askPutRuns(changes: readonly RunChange[]): readonly Ask[] {
  return askAll(upsertRuns, changes.map(rowOfChange));
}

function rowOfChange({ run, tenant, head, row }: RunChange): Parameters {
  return {
    run,
    tenant,
    seq: head.seq,
    epoch: head.epoch,
    hash: head.hash,
    head_ts: head.ts,
    origin: head.origin ?? null,
    status: row.status,
    workflow: row.workflow,
    title: row.title,
    join_key: row.joinKey ?? null,
    trace_id: row.traceId,
    created_ts: row.createdTs,
    updated_ts: row.updatedTs,
    failure: row.failure === undefined ? null : JSON.stringify(row.failure),
    wake_ts: row.wakeTs ?? null,
  };
}

export function* runOf(run: string): Work<RunRow | undefined> {
  const row = yield* rowOf(selectOne, { run });
  return row === undefined ? undefined : runRowOf(row);
}

export function* queryRuns(query: RunQuery): Work<readonly RunRow[]> {
  const { statuses, joinKey, idPart, isWhole, availableTo: available, wakeBy, limit = DEFAULT_LIMIT } = query;
  if (wakeBy !== undefined) {
    const due = available === undefined ? selectDue : selectAvailableDue;
    return (yield* rowsOf(due, { wakeBy, limit, ...(available === undefined ? {} : { available }) })).map(runRowOf);
  }
  const wanted: Parameters = {
    ...(statuses === undefined ? {} : { statuses }),
    ...(joinKey === undefined ? {} : { joinKey }),
    ...(idPart === undefined || idPart === '' ? {} : { idPart }),
    ...(available === undefined ? {} : { available }),
  };
  const names = [...Object.keys(wanted), ...(isWhole === true ? ['isWhole'] : [])];
  return (yield* rowsOf(queryFor(names), { ...wanted, limit })).map(runRowOf);
}

const NEWEST_FIRST = 'ORDER BY created_ts DESC, number DESC';
const conditions = {
  statuses: 'status IN :statuses[]',
  joinKey: 'join_key = :joinKey',
  idPart: "replace(run, :idPart, '') <> run",
  isWhole: "run NOT LIKE '%.%'",
  available: IS_AVAILABLE,
} as const;
const queries = new Map<string, Statement>();

/** Rows are found in an index and only then read, at most as many as are asked for: a store has more runs than a list shows. */
function queryFor(names: readonly string[]): Statement {
  const where = Object.entries(conditions).flatMap(([name, condition]) => (names.includes(name) ? [condition] : []));
  const text = `SELECT * FROM runs WHERE number IN (
      SELECT number FROM runs WHERE ${['TRUE', ...where].join(' AND ')} ${NEWEST_FIRST} LIMIT :limit
    ) ${NEWEST_FIRST}`;
  const query = queries.get(text) ?? statement(text);
  queries.set(text, query);
  return query;
}

function purgeIn(row: Row): PurgeMark | undefined {
  const [ts, by] = [optionalIntegerIn(row, 'purged_ts'), optionalTextIn(row, 'purged_by')];
  return ts === undefined || by === undefined ? undefined : { ts, by };
}

function runRowOf(row: Row): RunRow {
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
