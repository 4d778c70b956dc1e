import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { jsonObjectSchema } from '@vltair/protocol';
import type { InboxCommand } from '../ports/event-store.ts';
import { integerIn, type SqliteRow, textIn } from './sqlite-row.ts';

/** A command with its body as canonical JSON. */
export interface SerialisedCommand {
  readonly id: string;
  readonly run: string;
  readonly command: string;
  readonly ts: number;
}

/** The tables `inbox` and `answered`: commands that wait, and the ids of those that were answered, so that a late repeat is no second command. */
export class InboxTable {
  readonly #insert: StatementSync;
  readonly #answer: StatementSync;
  readonly #remove: StatementSync;
  readonly #all: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      `INSERT INTO inbox (id, run, command, ts) SELECT :id, :run, :command, :ts
       WHERE NOT EXISTS (SELECT 1 FROM answered WHERE id = :id) ON CONFLICT (id) DO NOTHING`,
    );
    this.#answer = database.prepare('INSERT OR IGNORE INTO answered (id) VALUES (?)');
    this.#remove = database.prepare('DELETE FROM inbox WHERE id = ?');
    this.#all = database.prepare('SELECT id, run, command, ts FROM inbox ORDER BY number');
  }

  send({ id, run, command, ts }: SerialisedCommand): void {
    this.#insert.run({ id, run, command, ts });
  }

  answer(ids: readonly string[]): void {
    for (const id of ids) {
      this.#answer.run(id);
      this.#remove.run(id);
    }
  }

  all(): readonly InboxCommand[] {
    return this.#all.all().map(commandOf);
  }
}

function commandOf(row: SqliteRow): InboxCommand {
  return {
    id: textIn(row, 'id'),
    run: textIn(row, 'run'),
    command: jsonObjectSchema.parse(JSON.parse(textIn(row, 'command'))),
    ts: integerIn(row, 'ts'),
  };
}
