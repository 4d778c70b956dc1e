import { VltairError, type ExitCode } from '@vltair/protocol';
import { loadEngine } from '@vltair/server';
import type { CommandContext } from '../command-context.ts';
import { readObjectOption } from '../json-option.ts';
import { textOption, type Options } from '../option-values.ts';
import { sessionOf, whileShowing } from '../run-session.ts';
import { runNamed, tellRest } from '../run-wish.ts';

export async function fork(context: CommandContext, [id = '']: readonly string[], options: Options): Promise<ExitCode> {
  const node = textOption(options, 'from');
  if (node === undefined)
    throw new VltairError('invalid_argument/usage', { detail: 'name the node to begin with: --from', where: '--from' });
  const from = await runNamed(context, id);
  const input = await readObjectOption(context, options, 'input');
  return await whileShowing(context, async (watcher) => {
    const { forkRun } = await loadEngine();
    const session = sessionOf(context, watcher);
    const outcome = await forkRun(session, { from, node, ...(input === undefined ? {} : { input }) });
    watcher.end();
    return tellRest(context, outcome);
  });
}
