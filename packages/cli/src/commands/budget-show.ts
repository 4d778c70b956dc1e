import { dimensions, exitCodes, VltairError, type ExitCode } from '@vltair/protocol';
import { findRun, readingStore, reportBudget, type BudgetReport } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, integerOption, textOption, type Options } from '../option-values.ts';
import { oneLine, table } from '../render/terminal-text.ts';

const MOST_SNAPSHOTS = 50;

/** `vltair budget show ID`, or with `--task`. */
export async function budget(
  context: CommandContext,
  [verb, parameter]: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const id = textOption(options, 'task') ?? parameter;
  if (verb !== 'show' || id === undefined)
    throw new VltairError('invalid_argument/usage', { detail: 'vltair budget show ID' });
  const most = integerOption(options, 'limit', 1) ?? MOST_SNAPSHOTS;
  const report = await readingStore(storeOf(context), async (store) => {
    return await reportBudget(store, (await findRun(store, id)).run, most);
  });
  const { history, ...rest } = report;
  const hasHistory = flagOption(options, 'history');
  context.output.result({ ok: true, ...rest, ...(hasHistory ? { history } : {}) }, () => page(report, hasHistory));
  return exitCodes.done;
}

function page({ run, status, budget: { limit, reserved, spent }, history }: BudgetReport, hasHistory: boolean): string {
  const rows = dimensions.map((dimension) => {
    const cells = [spent[dimension], reserved[dimension], limit[dimension] ?? 'no limit'];
    return [dimension, ...cells.map(String)];
  });
  const changes = history.map(({ seq, what, of = '', lacked, spent: then }) => [
    String(seq),
    what,
    `${oneLine(of)}${lacked === undefined ? '' : `: not enough ${lacked}`}`,
    dimensions.map((dimension) => then[dimension]).join(' / '),
  ]);
  return [
    `${run} ${status}`,
    ...table([['', 'spent', 'reserved', 'limit'], ...rows]).map((line) => `  ${line}`),
    ...(hasHistory ? ['', ...table([['EVENT', 'WHAT', 'OF', `SPENT (${dimensions.join(' / ')})`], ...changes])] : []),
  ].join('\n');
}
