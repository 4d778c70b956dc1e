import { userInfo } from 'node:os';
import { exitCodes, type ExitCode } from '@vltair/protocol';
import {
  findRun,
  loadEngine,
  putCommand,
  readingStore,
  type PutAnswer,
  type RunOutcome,
  type RuntimeCommand,
} from '@vltair/server';
import { exitCodeOf, storeOf, type CommandContext } from './command-context.ts';
import { flagOption, type Options } from './option-values.ts';
import { outcomePage } from './render/outcome-page.ts';
import { sessionOf, whileShowing } from './run-session.ts';

/** Who gives a command, as the log will say. */
export function person(): string {
  return userInfo().username;
}

/** The id of the run that a person means. */
export async function runNamed(context: CommandContext, id: string): Promise<string> {
  return (await readingStore(storeOf(context), async (store) => await findRun(store, id))).run;
}

/**
 * Puts a command to a run and goes on with the run in the foreground; with `--detach` only the command is recorded, and
 * whoever works in the store next, or works there now, goes on.
 */
export async function putWish(
  context: CommandContext,
  id: string,
  command: RuntimeCommand,
  options: Options,
): Promise<ExitCode> {
  const run = await runNamed(context, id);
  return flagOption(options, 'detach') ? await record(context, run, command) : await follow(context, run, command);
}

/**
 * The same for a wish that has to be granted before anybody can take the run up at all. It is put to the run first,
 * wherever its owner is, and then the run is gone on with.
 */
export async function putWishFirst(
  context: CommandContext,
  run: string,
  command: RuntimeCommand,
  options: Options,
): Promise<ExitCode> {
  if (flagOption(options, 'detach')) return await record(context, run, command);
  return await whileShowing(context, async (watcher) => {
    const session = sessionOf(context, watcher);
    const { kind } = await putCommand(session, run, command);
    if (kind === 'pending') return tellRecorded(context, run, command, kind);
    const { carryOn } = await loadEngine();
    const outcome = await carryOn(session, run);
    watcher.end();
    return tellRest(context, outcome);
  });
}

async function record(context: CommandContext, run: string, command: RuntimeCommand): Promise<ExitCode> {
  return await whileShowing(context, async (watcher) => {
    const { kind } = await putCommand(sessionOf(context, watcher), run, command);
    watcher.end();
    return tellRecorded(context, run, command, kind);
  });
}

function tellRecorded(
  { output }: CommandContext,
  run: string,
  { type }: RuntimeCommand,
  kind: PutAnswer['kind'],
): ExitCode {
  const isDone = kind === 'accepted';
  output.result({ ok: isDone, run, command: type, answer: kind }, () =>
    isDone
      ? `recorded: ${type} ${run}\n  next: ${output.style.command} resume ${run}, unless a worker stays`
      : `asked for; the process that works on ${run} has not answered yet`,
  );
  return isDone ? exitCodes.done : exitCodes.waiting;
}

async function follow(context: CommandContext, run: string, command: RuntimeCommand): Promise<ExitCode> {
  return await whileShowing(context, async (watcher) => {
    const { carryOn } = await loadEngine();
    const outcome = await carryOn(sessionOf(context, watcher), run, () => [command]);
    watcher.end();
    return tellRest(context, outcome);
  });
}

/** Where a run stands, or how it ended. */
export function tellRest({ output }: CommandContext, outcome: RunOutcome): ExitCode {
  const { state, diff, childWaits } = outcome;
  const { run, traceId, status, failure, waitingFor, output: given } = state;
  const exitCode = exitCodeOf(status);
  const value = {
    ok: exitCode === exitCodes.done,
    run,
    traceId,
    status,
    output: given,
    failure,
    waitingFor,
    childWaits,
    diff,
  };
  output.result(value, () => outcomePage(outcome, output.style));
  return exitCode;
}
