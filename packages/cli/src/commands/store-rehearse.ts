import { exitCodes, type ExitCode } from '@vltair/protocol';
import { rehearse, type Rehearsal } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, type Options } from '../option-values.ts';
import { rehearsalPage, type RehearsalCounts } from '../render/rehearsal-page.ts';

/** How often the progress of many runs is told. */
const NOTE_EVERY_MS = 2_000;

/** 0: every run would go on as it was recorded. 1: at least one would not. */
export async function rehearseRuns(
  context: CommandContext,
  names: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const { host, output } = context;
  const differing: Rehearsal[] = [];
  const counts: RehearsalCounts = { checked: 0, same: 0, differing: 0, purged: 0 };
  let tell = host.now() + NOTE_EVERY_MS;
  for await (const { rehearsal, done, of } of rehearse(storeOf(context), { names, all: flagOption(options, 'all') })) {
    count(counts, rehearsal);
    if (rehearsal.verdict === 'differs') differing.push(rehearsal);
    if (host.now() >= tell) {
      output.note(`rehearsed ${done} of ${of} runs, ${differing.length} differ`);
      tell = host.now() + NOTE_EVERY_MS;
    }
    if (host.signal.aborted) return exitCodes.interrupted;
  }
  const ok = differing.length === 0;
  output.result({ ok, ...counts, runs: differing }, () => rehearsalPage(counts, differing, output.paint));
  return ok ? exitCodes.done : exitCodes.failed;
}

function count(counts: RehearsalCounts, { verdict }: Rehearsal): void {
  counts.checked += verdict === 'purged' ? 0 : 1;
  counts[verdict === 'differs' ? 'differing' : verdict] += 1;
}
