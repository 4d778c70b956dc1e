import type { ExitCode } from '@vltair/protocol';
import { reportQueue, type QueueReport } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';

export async function queue(context: CommandContext): Promise<ExitCode> {
  const report = await reportQueue(storeOf(context), context.configuration);
  context.output.result(report, () => queueText(report));
  return 0;
}

function queueText({ queued, workers, stopped, totals }: QueueReport): string {
  const { started, retries, steps, rejected, dropped } = totals;
  const average = steps.count === 0 ? 0 : Math.round(steps.totalMs / steps.count);
  return [
    `${queued} queued, ${workers} workers${stopped ? ', no process works here' : ''}`,
    `steps: ${started} begun, ${retries} retries, ${average} ms on average, ${steps.longestMs} ms at most`,
    `starts beyond the limit: ${rejected} refused, ${dropped} runs dropped for newer ones`,
  ].join('\n');
}
