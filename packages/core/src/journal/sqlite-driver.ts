import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Row } from './row.ts';
import type { Ask, Parameters, SqlParameter, Statement, Work } from './statement.ts';

/** Does {@link Work} on a SQLite connection, in place: each statement is prepared once. */
export class SqliteDriver {
  readonly database: DatabaseSync;
  readonly #prepared = new Map<Statement, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  do<T>(work: Work<T>): T {
    let step = work.next();
    while (step.done !== true) step = work.next(step.value.map((asked) => this.#answer(asked)));
    return step.value;
  }

  /** Statements that see one state of the store. */
  inSnapshot<T>(work: Work<T>): T {
    this.database.exec('BEGIN');
    try {
      return this.do(work);
    } finally {
      this.database.exec('COMMIT');
    }
  }

  /** All of it, on disk when this returns, or nothing. */
  inTransaction<T>(work: Work<T>): T {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const done = this.do(work);
      this.database.exec('COMMIT');
      return done;
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  #answer(asked: Ask): readonly Row[] {
    const prepared = this.#prepare(asked.statement);
    const { names } = asked.statement;
    if ('values' in asked) return prepared.all(...bindings(names, asked.values));
    for (const row of asked.rows) prepared.run(...bindings(names, row));
    return [];
  }

  #prepare(statement: Statement): StatementSync {
    const known = this.#prepared.get(statement);
    if (known !== undefined) return known;
    const prepared = this.database.prepare(statement.sqlite);
    this.#prepared.set(statement, prepared);
    return prepared;
  }
}

function bindings(names: readonly string[], values: Parameters): SQLInputValue[] {
  return names.map((name) => bindable(values[name] ?? null));
}

function bindable(value: SqlParameter): SQLInputValue {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) ? JSON.stringify(value) : value;
}
