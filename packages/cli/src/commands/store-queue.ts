import type { ExitCode } from '@vltair/protocol';
import { reportQueue } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';

export async function queue(context: CommandContext): Promise<ExitCode> {
  const report = await reportQueue(storeOf(context), context.configuration);
  const { queued, workers, stopped } = report;
  context.output.result(
    report,
    () => `${queued} queued, ${workers} workers${stopped ? ', no process works here' : ''}`,
  );
  return 0;
}
