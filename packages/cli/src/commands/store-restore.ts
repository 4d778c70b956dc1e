import { resolve } from 'node:path';
import { exitCodes, VltairError, type ExitCode } from '@vltair/protocol';
import { loadEngine, type RestoredStore, type RestoreWish } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, textOption, type Options } from '../option-values.ts';
import { backupLines } from '../render/backup-page.ts';
import { oneLine } from '../render/terminal-text.ts';
import { person } from '../run-wish.ts';

export async function restore(
  context: CommandContext,
  [from = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const { host, output } = context;
  const to = textOption(options, 'to');
  if (to === undefined)
    throw new VltairError('invalid_argument/usage', { detail: 'restore needs --to DIR', where: '--to' });
  const key = textOption(options, 'key');
  const engine = await loadEngine();
  const wish = {
    backup: resolve(host.directory, from),
    to: resolve(host.directory, to),
    ...(key === undefined ? {} : { key: resolve(host.directory, key) }),
    isForReading: flagOption(options, 'newKey'),
    isOriginalStopped: flagOption(options, 'originalStopped'),
  };
  const restored = await engine.restoreBackup({
    ...wish,
    by: person(),
    now: () => host.now(),
    onWarning: storeOf(context).warn,
  });
  output.result({ ok: true, directory: wish.to, ...restored }, () => restoredText(wish, restored));
  return exitCodes.done;
}

const NAMED = 10;

function unfinishedLines(runs: readonly string[], isOriginalStopped: boolean): readonly string[] {
  if (runs.length === 0) return ['  no unfinished run goes on here'];
  const doubt = isOriginalStopped
    ? 'a call that was open at the backup is parked'
    : 'a call that the original may have sent is parked until you say what became of it';
  const more = runs.length > NAMED ? [`    and ${runs.length - NAMED} more`] : [];
  return [
    `  ${runs.length} unfinished ${runs.length === 1 ? 'run' : 'runs'} can go on; ${doubt}:`,
    ...runs.slice(0, NAMED).map((run) => `    ${run}`),
    ...more,
  ];
}

function restoredText(
  { backup, to: target, isOriginalStopped }: Pick<RestoreWish, 'backup' | 'to' | 'isOriginalStopped'>,
  restored: RestoredStore,
): string {
  const { store, epoch, runs, droppedCommands } = restored;
  return [
    ...backupLines(backup, restored),
    `restored into ${oneLine(target)} as store ${store}, epoch ${epoch}`,
    ...unfinishedLines(runs, isOriginalStopped),
    ...(droppedCommands === 0
      ? []
      : [`  ${droppedCommands} commands that waited were dropped: the original may have carried them out`]),
    `  next: VLTAIR_DATA_DIR=${oneLine(target)} vltair runs; there, vltair work --drain goes on with what is in no doubt`,
  ].join('\n');
}
