import { isErrorReason, jsonObjectSchema, VltairError } from '@vltair/protocol';
import { z } from 'zod';
import type { CommandAnswer, CommandRefusal, InboxCommand } from '../ports/event-store.ts';
import { integerIn, optionalTextIn, type Row, textIn } from './row.ts';
import { type Ask, ask, askAll, batch, rowOf, rowsOf, statement, type Work } from './statement.ts';

/** A command with its body as canonical JSON. */
export interface SerialisedCommand {
  readonly id: string;
  readonly run: string;
  readonly command: string;
  readonly ts: number;
  readonly tenant: string;
  /** The epoch of whoever has sent it in order to answer it. */
  readonly claimedBy: number | undefined;
}

/** A command, and its place in the inbox. */
export interface NumberedCommand extends InboxCommand {
  readonly number: number;
}

/** How long what became of a command is kept: nobody waits longer for an answer, or repeats a command later. */
const KEPT_MS = 7 * 24 * 3_600_000;

/* The tables `inbox` and `answered`: commands that wait, and what became of those that were answered, so that a late repeat is no second command. */
const insertCommands = batch({
  into: 'inbox',
  columns: { id: 'text', run: 'text', command: 'text', ts: 'bigint', claimed_by: 'bigint', tenant: 'text' },
  where: 'NOT EXISTS (SELECT 1 FROM answered a WHERE a.id = new.id)',
  then: 'ON CONFLICT (id) DO UPDATE SET claimed_by = coalesce(excluded.claimed_by, inbox.claimed_by)',
});
const insertAnswers = batch({
  into: 'answered',
  columns: { id: 'text', ts: 'bigint', refusal: 'text' },
  then: 'ON CONFLICT (id) DO NOTHING',
});
const deleteCommands = statement('DELETE FROM inbox WHERE id IN :ids[]');
const deleteOfRun = statement('DELETE FROM inbox WHERE run = :run');
const deleteOldAnswers = statement('DELETE FROM answered WHERE ts < :before');
const selectAll = statement('SELECT id, run, command, ts FROM inbox ORDER BY number');
const selectAnswer = statement('SELECT id, ts, refusal FROM answered WHERE id = :id');
const selectAnswered = statement('SELECT id FROM answered WHERE id IN :ids[]');

export function askSend(commands: readonly SerialisedCommand[]): readonly Ask[] {
  return askAll(
    insertCommands,
    commands.map(({ claimedBy, ...command }) => ({ ...command, claimed_by: claimedBy ?? null })),
  );
}

/** Commands that wait for a run whose payloads go. */
export function askForget(run: string): Ask {
  return ask(deleteOfRun, { run });
}

export function askWithdraw(id: string): Ask {
  return ask(deleteCommands, { ids: [id] });
}

/** The first answer to a command stands. */
export function askAnswer(answers: readonly CommandAnswer[]): readonly Ask[] {
  if (answers.length === 0) return [];
  const rows = answers.map(({ id, ts, refusal }) => ({
    id,
    ts,
    refusal: refusal === undefined ? null : JSON.stringify(refusal),
  }));
  const newest = Math.max(...answers.map(({ ts }) => ts));
  return [
    ...askAll(insertAnswers, rows),
    ask(deleteCommands, { ids: answers.map(({ id }) => id) }),
    ask(deleteOldAnswers, { before: newest - KEPT_MS }),
  ];
}

export function* answerOfCommand(id: string): Work<CommandAnswer | undefined> {
  const row = yield* rowOf(selectAnswer, { id });
  return row === undefined ? undefined : answerOf(row);
}

/** Which of these commands have been answered. */
export function askAnswered(ids: readonly string[]): Ask {
  return ask(selectAnswered, { ids });
}

export function answeredIn(rows: readonly Row[] = []): Set<string> {
  return new Set(rows.map((row) => textIn(row, 'id')));
}

export function* waitingCommands(): Work<readonly InboxCommand[]> {
  return (yield* rowsOf(selectAll)).map(commandOf);
}

/** Oldest first, in whatever order they were claimed. */
export function claimedIn(rows: readonly Row[]): readonly NumberedCommand[] {
  return rows
    .map((row) => ({ ...commandOf(row), number: integerIn(row, 'number') }))
    .toSorted((left, right) => left.number - right.number);
}

const refusalSchema = z.strictObject({
  reason: z.string().refine(isErrorReason),
  message: z.string(),
  where: z.string().optional(),
});

function answerOf(row: Row): CommandAnswer {
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

function commandOf(row: Row): InboxCommand {
  return {
    id: textIn(row, 'id'),
    run: textIn(row, 'run'),
    command: jsonObjectSchema.parse(JSON.parse(textIn(row, 'command'))),
    ts: integerIn(row, 'ts'),
  };
}
