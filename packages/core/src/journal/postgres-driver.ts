import type pg from 'pg';
import type { Row } from './row.ts';
import type { Ask, Parameters, SqlParameter, Statement, Work } from './statement.ts';

/** What ends a transaction: the last writes travel with the COMMIT. */
export interface Ending<T> {
  readonly result: T;
  readonly writes: readonly Ask[];
}

/**
 * Does {@link Work} over one connection: the statements of a step travel together, each prepared once.
 *
 * D1 Nothing is asked of a connection after an error in a transaction but to roll back.
 */
export class PostgresDriver {
  readonly #client: pg.ClientBase;

  constructor(client: pg.ClientBase) {
    this.#client = client;
  }

  async do<T>(work: Work<T>): Promise<T> {
    let step = work.next();
    while (step.done !== true) step = work.next(await this.#answers(step.value));
    return step.value;
  }

  /** Statements that see one state of the store. */
  async inSnapshot<T>(work: Work<T>): Promise<T> {
    const begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
    return await this.inTransaction([begin], ended(work));
  }

  /** `begin` travels with the first step. `committing` is called right before the COMMIT is sent. */
  async inTransaction<T>(
    begin: readonly string[],
    work: Work<Ending<T>>,
    committing: (result: T) => void = () => {},
  ): Promise<T> {
    const opening = Promise.all(begin.map((text) => this.#client.query(text)));
    opening.catch(() => {}); // told where the first step is awaited
    try {
      let step = work.next();
      while (step.done !== true) {
        const [, answers] = await Promise.all([opening, this.#answers(step.value)]);
        step = work.next(answers);
      }
      const { result, writes } = step.value;
      committing(result);
      await this.#commit(writes, opening);
      return result;
    } catch (error) {
      await this.#client.query('ROLLBACK').catch(() => {
        // The connection is gone, and the transaction with it: the first error tells why.
      });
      throw error;
    }
  }

  async #commit(writes: readonly Ask[], opening: Promise<unknown>): Promise<void> {
    const written = this.#answers(writes);
    const commit = this.#client.query('COMMIT');
    const [, , { command }] = await Promise.all([opening, written, commit]);
    // After a failed statement the server answers a COMMIT by rolling back; that statement has rejected before.
    if (command !== 'COMMIT') throw new TypeError(`the server answered COMMIT with ${command}`);
  }

  async #answers(asks: readonly Ask[]): Promise<readonly (readonly Row[])[]> {
    const results = await Promise.all(asks.map((asked) => this.#client.query<Row>(queryOf(asked))));
    return results.map(({ rows }) => rows);
  }
}

/** Work that has no writes left for its end. */
export function* ended<T>(work: Work<T>): Work<Ending<T>> {
  return { result: yield* work, writes: [] };
}

function queryOf(asked: Ask): pg.QueryConfig {
  const { statement } = asked;
  return { name: statement.id, text: statement.postgres, values: valuesOf(statement, asked) };
}

function valuesOf({ names }: Statement, asked: Ask): unknown[] {
  if ('values' in asked) return names.map((name) => bindable(asked.values[name] ?? null));
  return names.map((name) => asked.rows.map((row: Parameters) => bindable(row[name] ?? null)));
}

/** Text columns take every character but U+0000, which therefore reads as U+FFFD. */
function bindable(value: SqlParameter): unknown {
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
  return value instanceof Uint8Array && !Buffer.isBuffer(value) ? Buffer.from(value) : value;
}
