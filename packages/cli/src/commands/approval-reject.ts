import { VltairError, type ExitCode } from '@vltair/protocol';
import { approvalNamed } from '../approval-name.ts';
import type { CommandContext } from '../command-context.ts';
import { textOption, type Options } from '../option-values.ts';
import { person, putWish } from '../run-wish.ts';

export async function reject(
  context: CommandContext,
  [id = '', name]: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const reason = textOption(options, 'reason');
  if (reason === undefined)
    throw new VltairError('invalid_argument/usage', { detail: 'say why with --reason', where: '--reason' });
  const approval = await approvalNamed(context, id, name);
  return await putWish(context, id, { type: 'reject', by: person(), approval, reason }, options);
}
