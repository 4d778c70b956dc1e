import { amountsSchema, VltairError, type ExitCode } from '@vltair/protocol';
import type { CommandContext } from '../command-context.ts';
import { readObjectOption } from '../json-option.ts';
import type { Options } from '../option-values.ts';
import { person, putWish } from '../run-wish.ts';

export async function retry(
  context: CommandContext,
  [id = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const grant = await readObjectOption(context, options, 'grant');
  if (grant === undefined) return await putWish(context, id, { type: 'retry', by: person() }, options);
  const amounts = amountsSchema.safeParse(grant);
  if (amounts.success) return await putWish(context, id, { type: 'retry', by: person(), grant: amounts.data }, options);
  const [issue] = amounts.error.issues;
  const detail = `--grant: ${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? ''}`;
  throw new VltairError('invalid_argument/usage', { detail, where: '--grant' });
}
