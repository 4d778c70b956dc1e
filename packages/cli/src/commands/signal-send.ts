import { jsonSchema, VltairError, type ExitCode } from '@vltair/protocol';
import type { CommandContext } from '../command-context.ts';
import { readJsonOption } from '../json-option.ts';
import type { Options } from '../option-values.ts';
import { person, putWish } from '../run-wish.ts';

export async function sendSignal(
  context: CommandContext,
  [id = '', name]: readonly string[],
  options: Options,
): Promise<ExitCode> {
  if (name === undefined) throw new VltairError('invalid_argument/usage', { detail: 'name the signal' });
  const data = jsonSchema.parse((await readJsonOption(context, options, 'data')) ?? null);
  return await putWish(context, id, { type: 'signal', by: person(), name, data }, options);
}
