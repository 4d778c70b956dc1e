import { exitCodes, VltairError, type ExitCode } from '@vltair/protocol';
import { loadEngine, type MovedStore } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, textOption, type Options } from '../option-values.ts';
import { oneLine } from '../render/terminal-text.ts';

/** Moves the store of a data directory into a database, or takes a move back that was cut short. */
export async function move(context: CommandContext, _: readonly string[], options: Options): Promise<ExitCode> {
  const { host, output, configuration } = context;
  const to = textOption(options, 'to') ?? configuration.databaseUrl;
  if (to === undefined)
    throw new VltairError('invalid_argument/usage', { detail: 'where to: set DATABASE_URL, or name it with --to' });
  const directory = storeOf(context).dataDirectory;
  const { abortMove, moveStore } = await loadEngine();
  if (flagOption(options, 'abort')) {
    await abortMove({ directory, to, now: host.now() });
    output.result({ ok: true, aborted: true, dataDirectory: directory }, () => `the store is in ${oneLine(directory)}`);
    return exitCodes.done;
  }
  const moved = await moveStore({ directory, to, now: host.now(), progress: progressOf(context) });
  output.result({ ok: true, dataDirectory: directory, ...moved }, () => movedLines(directory, moved));
  return exitCodes.done;
}

function movedLines(directory: string, { to, commits, lastPosition, runs }: MovedStore): string {
  const counts = Object.entries(runs).filter(([, count]) => count > 0);
  return [
    `moved     to ${oneLine(to)}`,
    `verified  ${lastPosition} events in ${commits} signed commits`,
    `runs      ${counts.length === 0 ? 'none' : counts.map(([status, count]) => `${count} ${status}`).join(', ')}`,
    `  next: set DATABASE_URL for every process; the key and the workspaces stay in ${oneLine(directory)}`,
  ].join('\n');
}

/** A note for every tenth of the way. */
function progressOf({ output }: CommandContext): (done: number, total: number) => void {
  let told = 0;
  return (done, total) => {
    const tenths = Math.floor((10 * done) / Math.max(total, 1));
    if (tenths > told) output.note(`copied ${done} of ${total} rows`);
    told = tenths;
  };
}
