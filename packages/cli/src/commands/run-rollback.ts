import { VltairError, type ExitCode } from '@vltair/protocol';
import type { CommandContext } from '../command-context.ts';
import { integerOption, type Options } from '../option-values.ts';
import { person, putWish } from '../run-wish.ts';

export async function rollback(
  context: CommandContext,
  [id = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const toSeq = integerOption(options, 'to', 1);
  if (toSeq === undefined)
    throw new VltairError('invalid_argument/usage', {
      detail: 'name the event to go back to with --to',
      where: '--to',
    });
  return await putWish(context, id, { type: 'rollback', by: person(), toSeq }, options);
}
