import { exitCodes, type ExitCode } from '@vltair/protocol';
import { previewPurge, purgeRuns, type Purge } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, textOption, type Options } from '../option-values.ts';
import { person } from '../run-wish.ts';

export async function purge(
  context: CommandContext,
  [name = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const { host, output } = context;
  if (flagOption(options, 'dryRun')) {
    const runs = await previewPurge(storeOf(context), name);
    output.result({ ok: true, dryRun: true, runs }, () => runsText('would purge', runs));
    return exitCodes.done;
  }
  const reason = textOption(options, 'reason');
  const why = reason === undefined ? {} : { reason };
  const purged = await purgeRuns(storeOf(context), { name, by: person(), ...why, now: host.now() });
  output.result({ ok: true, ...purged }, () => purgeText(purged));
  return exitCodes.done;
}

function purgeText({ runs, isCompacted }: Purge): string {
  const next = isCompacted
    ? 'next: vltair gc, which removes the files that only these runs had'
    : 'next: vltair gc, once no process works here: it writes the database anew';
  return `${runsText('purged', runs)}\n  ${next}`;
}

function runsText(verb: string, runs: Purge['runs']): string {
  return runs.map(({ run, payloads }) => `${verb} ${run}: ${payloads} payloads`).join('\n');
}
