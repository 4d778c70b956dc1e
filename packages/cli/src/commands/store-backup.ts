import { resolve } from 'node:path';
import { exitCodes, type ExitCode } from '@vltair/protocol';
import { loadEngine, requireFileStore } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, type Options } from '../option-values.ts';
import { backupLines } from '../render/backup-page.ts';

export async function backUp(
  context: CommandContext,
  [to = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const { host, output } = context;
  requireFileStore(context.configuration, 'backup');
  const engine = await loadEngine();
  const path = resolve(host.directory, to);
  const checked = await engine.backUp({
    directory: storeOf(context).dataDirectory,
    to: path,
    now: host.now(),
    withKey: flagOption(options, 'withKey'),
    progress: progressOf(context),
  });
  output.result({ ok: true, backup: path, ...checked }, () =>
    [...backupLines(path, checked), `  next: ${host.commandName} restore ${to} --to DIR`].join('\n'),
  );
  return exitCodes.done;
}

/** A note for every tenth of the way: a backup of a small store says nothing. */
function progressOf({ output }: CommandContext): (done: number, total: number) => void {
  let told = 0;
  return (done, total) => {
    const tenths = Math.floor((10 * done) / Math.max(total, 1));
    if (tenths > told) output.note(`copied ${done} of ${total} pages`);
    told = tenths;
  };
}
