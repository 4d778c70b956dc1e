import type { ExitCode } from '@vltair/protocol';
import type { CommandContext } from '../command-context.ts';
import { textOption, type Options } from '../option-values.ts';
import { person, putWish } from '../run-wish.ts';

export async function pause(
  context: CommandContext,
  [id = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const reason = textOption(options, 'reason') ?? 'paused by the user';
  return await putWish(context, id, { type: 'pause', by: person(), reason }, { ...options, detach: true });
}
