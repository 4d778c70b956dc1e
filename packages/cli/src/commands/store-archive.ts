import { exitCodes, type ExitCode } from '@vltair/protocol';
import { archiveRuns } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { durationOption, statusesOption, type Options } from '../option-values.ts';
import { bytesText } from '../render/terminal-text.ts';

export async function archive(context: CommandContext, names: readonly string[], options: Options): Promise<ExitCode> {
  const { host, output } = context;
  const wish = {
    names,
    statuses: statusesOption(options, 'status'),
    olderThanMs: durationOption(options, 'olderThan') ?? 0,
    now: host.now(),
  };
  const archived: { run: string; events: number; bytes: number }[] = [];
  for await (const each of archiveRuns(storeOf(context), wish)) {
    archived.push(each);
    output.note(`${each.run}: ${each.events} events in ${bytesText(each.bytes)}`);
    if (host.signal.aborted) return exitCodes.interrupted;
  }
  const bytes = archived.reduce((sum, each) => sum + each.bytes, 0);
  output.result({ ok: true, archived }, () => {
    const what = archived.length === 1 ? '1 run' : `${archived.length} runs`;
    return `archived ${what} in ${bytesText(bytes)}`;
  });
  return exitCodes.done;
}
