import type { Row } from './row.ts';

type SqlValue = string | number | Uint8Array | null;
/** Lists stand where a statement says `IN :name[]`. */
export type SqlParameter = SqlValue | readonly string[] | readonly number[];
export type Parameters = Readonly<Record<string, SqlParameter>>;

/** Types of columns and parameters, as both databases understand them. */
type SqlType = 'bigint' | 'text' | 'bytes';

/**
 * One statement for every store: SQL that SQLite and PostgreSQL both understand, with named parameters. Each driver
 * prepares its own form once, and binds values by the order of `names`.
 */
export interface Statement {
  /** Names the prepared statement on a connection. */
  readonly id: string;
  readonly names: readonly string[];
  readonly sqlite: string;
  readonly postgres: string;
}

/** Statements that depend on no answer of each other, so that a driver may send them together. */
export type Ask =
  | { readonly statement: Statement; readonly values: Parameters }
  /** The statement once for each row: PostgreSQL does them all at once. */
  | { readonly statement: Statement; readonly rows: readonly Parameters[] };

/**
 * Work on a store, step by step: each step asks some statements and is given the rows of each. The tables are written
 * so, once; SQLite does the work in place, PostgreSQL awaits the answers.
 */
export type Work<T> = Generator<readonly Ask[], T, readonly (readonly Row[])[]>;

/** A single colon: PostgreSQL's casts are spelled CAST. */
const PARAMETER = /IN :(?<list>\w+)\[\]|(?<!:):(?<one>\w+)/gu;

/**
 * A statement of `:name` parameters. `column IN :name[]` stands for the members of a list. Where PostgreSQL has to be
 * asked differently, `postgres` says how, with the same parameters in the same order.
 *
 * @example statement('SELECT hash FROM events WHERE run = :run AND seq = :seq')
 */
export function statement(text: string, postgres = text): Statement {
  const names = [...new Set([...text.matchAll(PARAMETER)].map(([, list, one]) => list ?? one ?? ''))];
  const render = (from: string, list: (at: number) => string, one: (at: number) => string): string =>
    from.replaceAll(PARAMETER, (_, listName?: string, oneName?: string) =>
      listName === undefined ? one(names.indexOf(oneName ?? '') + 1) : list(names.indexOf(listName) + 1),
    );
  return {
    id: nextId(),
    names,
    sqlite: render(
      text,
      (at) => `IN (SELECT value FROM json_each(?${at}))`,
      (at) => `?${at}`,
    ),
    postgres: render(
      postgres,
      (at) => `= ANY($${at})`,
      (at) => `$${at}`,
    ),
  };
}

export interface BatchOf {
  readonly into: string;
  readonly columns: Readonly<Record<string, SqlType>>;
  /** Of a row that is to be inserted, as `new`; absent: all. */
  readonly where?: string;
  /** What follows the rows: `ON CONFLICT ...`. */
  readonly then?: string;
}

const postgresArrays: Readonly<Record<SqlType, string>> = { bigint: 'bigint[]', text: 'text[]', bytes: 'bytea[]' };

/** Inserts any number of rows. */
export function batch({ into, columns, where, then = '' }: BatchOf): Statement {
  const names = Object.keys(columns);
  const all = Object.values(columns)
    .map((type, index) => `$${index + 1}::${postgresArrays[type]}`)
    .join(', ');
  const head = `INSERT INTO ${into} (${names.join(', ')})`;
  const select = `SELECT ${names.join(', ')} FROM`;
  return {
    id: nextId(),
    names,
    sqlite: `${head} ${oneRow(names, where)} ${then}`,
    postgres: `${head} ${select} unnest(${all}) AS new (${names.join(', ')}) WHERE ${where ?? 'TRUE'} ${then}`,
  };
}

/** Values by themselves, where nothing is asked of them: SQLite takes them in less than three quarters of the time. */
function oneRow(names: readonly string[], where: string | undefined): string {
  if (where === undefined) return `VALUES (${names.map((_, index) => `?${index + 1}`).join(', ')})`;
  const row = names.map((name, index) => `?${index + 1} AS ${name}`).join(', ');
  return `SELECT ${names.join(', ')} FROM (SELECT ${row}) AS new WHERE ${where}`;
}

/** The rows that one statement gives. */
export function* rowsOf(asked: Statement, values: Parameters = {}): Work<readonly Row[]> {
  const [rows = []] = yield [{ statement: asked, values }];
  return rows;
}

export function* rowOf(asked: Statement, values: Parameters = {}): Work<Row | undefined> {
  const [row] = yield* rowsOf(asked, values);
  return row;
}

export function ask(asked: Statement, values: Parameters = {}): Ask {
  return { statement: asked, values };
}

/** Nothing is asked when there are no rows. */
export function askAll(asked: Statement, rows: readonly Parameters[]): readonly Ask[] {
  return rows.length === 0 ? [] : [{ statement: asked, rows }];
}

let statements = 0;
function nextId(): string {
  statements += 1;
  return `vltair_${statements}`;
}
