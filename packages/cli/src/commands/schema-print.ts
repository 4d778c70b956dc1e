import { exitCodes, VltairError, workflowJsonSchema, type ExitCode } from '@vltair/protocol';
import type { CommandContext } from '../command-context.ts';

/** Prints a format as JSON Schema, for editors. */
export async function printSchema({ output }: CommandContext, [format = '']: readonly string[]): Promise<ExitCode> {
  if (format !== 'workflow')
    throw new VltairError('invalid_argument/usage', { detail: `there is the schema workflow, not "${format}"` });
  output.exact(JSON.stringify(workflowJsonSchema(), undefined, 2));
  return await Promise.resolve(exitCodes.done);
}
