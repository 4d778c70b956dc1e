import { exitCodes, VltairError, type ExitCode } from '@vltair/protocol';
import { findRun, putCommand, readingStore } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { textOption, type Options } from '../option-values.ts';
import { sessionOf, whileShowing } from '../run-session.ts';
import { person } from '../run-wish.ts';

export async function cancel(
  context: CommandContext,
  [id = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const reason = textOption(options, 'reason') ?? 'cancelled by the user';
  const row = await readingStore(storeOf(context), async (store) => await findRun(store, id));
  const { run, status } = row;
  if (status === 'succeeded' || status === 'failed' || status === 'cancelled')
    throw new VltairError('invalid_argument/run_ended', { detail: `${run} ${status}` });
  return await whileShowing(context, async (watcher) => {
    const node = textOption(options, 'node');
    const command = { type: 'cancel' as const, by: person(), reason, ...(node === undefined ? {} : { node }) };
    const answer = await putCommand(sessionOf(context, watcher), run, command);
    watcher.end();
    const isDone = answer.kind === 'accepted';
    context.output.result({ ok: isDone, run, answer: answer.kind }, () =>
      isDone
        ? `cancelled ${node === undefined ? run : `${node} of ${run}`}`
        : `asked for; the process that works on ${run} has not answered yet`,
    );
    return isDone ? exitCodes.done : exitCodes.waiting;
  });
}
