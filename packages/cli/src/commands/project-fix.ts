import { resolve } from 'node:path';
import { exitCodes, VltairError, type ExitCode } from '@vltair/protocol';
import { loadEngine, type FixOutcome, type FixRequest } from '@vltair/server';
import { exitCodeOf, type CommandContext } from '../command-context.ts';
import { choiceOption, durationOption, flagOption, integerOption, textOption, type Options } from '../option-values.ts';
import { fixPage } from '../render/fix-page.ts';
import { sessionOf, whileShowing } from '../run-session.ts';
import { person } from '../run-wish.ts';

const MAX_CANDIDATES = 1_000;
const TIMEOUT_MS = 30 * 60_000;

export async function fix(
  context: CommandContext,
  [directory]: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const test = textOption(options, 'test');
  if (test?.trim() === '')
    throw new VltairError('invalid_argument/usage', { detail: '--test takes a command, not ""', where: '--test' });
  const testTimeoutMs = durationOption(options, 'testTimeout');
  const request: FixRequest = {
    directory: resolve(context.directory, directory ?? '.'),
    ...(test === undefined ? {} : { test }),
    maxCandidates: integerOption(options, 'maxCandidates', 1) ?? MAX_CANDIDATES,
    timeoutMs: durationOption(options, 'timeout') ?? TIMEOUT_MS,
    ...(testTimeoutMs === undefined ? {} : { testTimeoutMs }),
    sandboxMode: choiceOption(options, 'sandbox', ['strict', 'best-effort']) ?? 'best-effort',
    isNew: flagOption(options, 'new'),
  };
  return await whileShowing(context, async (watcher) => {
    const { fixProject } = await loadEngine();
    const outcome = await fixProject({
      ...sessionOf(context, watcher),
      request,
      appliedBy: flagOption(options, 'apply') ? person() : undefined,
    });
    watcher.end();
    const { output } = context;
    const exitCode = exitCodeOfFix(outcome);
    output.result({ ok: exitCode === exitCodes.done, ...outcome.report, applied: outcome.applied }, () =>
      fixPage(outcome, output.style),
    );
    return exitCode;
  });
}

function exitCodeOfFix({ report, applied }: FixOutcome): ExitCode {
  if (applied !== undefined && applied.kind !== 'applied' && applied.kind !== 'already_applied')
    return exitCodes.failed;
  return exitCodeOf(report.status);
}
