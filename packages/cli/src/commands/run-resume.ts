import type { ExitCode } from '@vltair/protocol';
import { loadEngine } from '@vltair/server';
import type { CommandContext } from '../command-context.ts';
import { choiceOption, type Options } from '../option-values.ts';
import { sessionOf, whileShowing } from '../run-session.ts';
import { person, runNamed, tellRest } from '../run-wish.ts';

export async function resume(
  context: CommandContext,
  [id = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const parked = choiceOption(options, 'parked', ['retry', 'fail']);
  const run = await runNamed(context, id);
  return await whileShowing(context, async (watcher) => {
    const { resumeRun } = await loadEngine();
    const outcome = await resumeRun(sessionOf(context, watcher), run, parked, person());
    watcher.end();
    return tellRest(context, outcome);
  });
}
