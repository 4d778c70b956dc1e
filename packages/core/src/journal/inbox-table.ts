import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isErrorReason, jsonObjectSchema, VltairError } from '@vltair/protocol';
import { z } from 'zod';
import type { CommandAnswer, CommandRefusal, InboxCommand } from '../ports/event-store.ts';
import { integerIn, optionalTextIn, type SqliteRow, textIn } from './sqlite-row.ts';

/** A command with its body as canonical JSON. */
export interface SerialisedCommand {
  readonly id: string;
  readonly run: string;
  readonly command: string;
  readonly ts: number;
}

/** How long what became of a command is kept: nobody waits longer for an answer, or repeats a command later. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** The tables `inbox` and `answered`: commands that wait, and what became of those that were answered, so that a late repeat is no second command. */
export class InboxTable {
  readonly #insert: StatementSync;
  readonly #answer: StatementSync;
  readonly #remove: StatementSync;
  readonly #forget: StatementSync;
  readonly #age: StatementSync;
  readonly #all: StatementSync;
  readonly #answerTo: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      `INSERT INTO inbox (id, run, command, ts) SELECT :id, :run, :command, :ts
       WHERE NOT EXISTS (SELECT 1 FROM answered WHERE id = :id) ON CONFLICT (id) DO NOTHING`,
    );
    this.#answer = database.prepare('INSERT OR IGNORE INTO answered (id, ts, refusal) VALUES (?, ?, ?)');
    this.#age = database.prepare('DELETE FROM answered WHERE ts < ?');
    this.#answerTo = database.prepare('SELECT id, ts, refusal FROM answered WHERE id = ?');
    this.#forget = database.prepare('DELETE FROM inbox WHERE run = ?');
    this.#remove = database.prepare('DELETE FROM inbox WHERE id = ?');
    this.#all = database.prepare('SELECT id, run, command, ts FROM inbox ORDER BY number');
  }

  send({ id, run, command, ts }: SerialisedCommand): void {
    this.#insert.run({ id, run, command, ts });
  }

  /** Commands that wait for a run whose payloads go. */
  forget(run: string): void {
    this.#forget.run(run);
  }

  withdraw(id: string): void {
    this.#remove.run(id);
  }

  /** The first answer to a command stands. */
  answer(answers: readonly CommandAnswer[]): void {
    for (const { id, ts, refusal } of answers) {
      this.#answer.run(id, ts, refusal === undefined ? null : JSON.stringify(refusal));
      this.#remove.run(id);
      this.#age.run(ts - KEPT_MS);
    }
  }

  answerTo(id: string): CommandAnswer | undefined {
    const row = this.#answerTo.get(id);
    return row === undefined ? undefined : answerOf(row);
  }

  all(): readonly InboxCommand[] {
    return this.#all.all().map(commandOf);
  }
}

const refusalSchema = z.strictObject({
  reason: z.string().refine(isErrorReason),
  message: z.string(),
  where: z.string().optional(),
});

function answerOf(row: SqliteRow): CommandAnswer {
  const refusal = optionalTextIn(row, 'refusal');
  return {
    id: textIn(row, 'id'),
    ts: integerIn(row, 'ts'),
    refusal: refusal === undefined ? undefined : parseRefusal(refusal),
  };
}

function parseRefusal(text: string): CommandRefusal {
  const parsed = refusalSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new VltairError('unavailable/store_newer', { detail: 'a refusal that this version does not know' });
  const { reason, message, where } = parsed.data;
  return { reason, message, where };
}

function commandOf(row: SqliteRow): InboxCommand {
  return {
    id: textIn(row, 'id'),
    run: textIn(row, 'run'),
    command: jsonObjectSchema.parse(JSON.parse(textIn(row, 'command'))),
    ts: integerIn(row, 'ts'),
  };
}
