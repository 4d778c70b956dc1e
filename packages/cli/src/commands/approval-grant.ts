import type { ExitCode } from '@vltair/protocol';
import { approvalNamed } from '../approval-name.ts';
import type { CommandContext } from '../command-context.ts';
import { textOption, type Options } from '../option-values.ts';
import { person, putWish } from '../run-wish.ts';

export async function approve(
  context: CommandContext,
  [id = '', name]: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const approval = await approvalNamed(context, id, name);
  const comment = textOption(options, 'comment');
  const words = comment === undefined ? {} : { comment };
  return await putWish(context, id, { type: 'approve', by: person(), approval, ...words }, options);
}
