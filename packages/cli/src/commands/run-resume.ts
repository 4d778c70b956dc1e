import { userInfo } from 'node:os';
import { exitCodes, type ExitCode } from '@vltair/protocol';
import { findRun, loadEngine, readingStore } from '@vltair/server';
import { exitCodeOf, storeOf, type CommandContext } from '../command-context.ts';
import { choiceOption, type Options } from '../option-values.ts';
import { outcomePage } from '../render/outcome-page.ts';
import { sessionOf, whileShowing } from '../run-session.ts';

export async function resume(
  context: CommandContext,
  [id = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const parked = choiceOption(options, 'parked', ['retry', 'fail']);
  const { run } = await readingStore(storeOf(context), async (store) => await findRun(store, id));
  return await whileShowing(context, async (watcher) => {
    const { resumeRun } = await loadEngine();
    const outcome = await resumeRun(sessionOf(context, watcher), run, parked, userInfo().username);
    watcher.end();
    const { state, diff } = outcome;
    const exitCode = exitCodeOf(state.status);
    const { traceId, status, failure, waitingFor } = state;
    const value = { ok: exitCode === exitCodes.done, run, traceId, status, failure, waitingFor, diff };
    context.output.result(value, () => outcomePage({ ...outcome, result: undefined }, context.output.style));
    return exitCode;
  });
}
