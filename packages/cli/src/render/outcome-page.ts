import { formatDuration } from '@vltair/protocol';
import type { RunOutcome } from '@vltair/server';
import { diffText, writeCommand } from './diff-text.ts';
import { failureLines } from './run-page.ts';
import { paintStatus } from './run-list.ts';
import { plainText, type PageStyle } from './terminal-text.ts';

/** How a run ended, what it gave, and what it changed. */
export function outcomePage(outcome: RunOutcome, style: PageStyle): string {
  const { run, status, failure, waitingFor, createdTs, ts } = outcome.state;
  const { paint, command } = style;
  return [
    `${paintStatus(status, paint)} in ${formatDuration(ts - createdTs)} (run ${run})`,
    ...(failure === undefined ? [] : failureLines(failure, paint)),
    ...(status === 'succeeded' && outcome.result !== undefined
      ? [plainText(JSON.stringify(outcome.result.output, null, 2))]
      : []),
    ...changeLines(outcome, style),
    ...(waitingFor.length === 0 ? [] : [`  next: ${command} resume ${run} --parked retry (or fail)`]),
    ...(status === 'succeeded' ? [] : [`  more: ${command} show ${run}`]),
  ].join('\n');
}

/** A change that its run has accepted; only one that came to a good end is worth writing. */
function changeLines({ state, diff, repositoryPath }: RunOutcome, style: PageStyle): readonly string[] {
  if (diff === '') return [];
  const shown = ['', diffText(diff, style).trimEnd(), ''];
  const { run, status } = state;
  if (status !== 'succeeded') return shown;
  if (repositoryPath === undefined) return [...shown, `The change: ${style.command} show ${run} --diff`];
  const write = writeCommand({ command: style.command, run, repositoryPath });
  return [...shown, 'Nothing was written. To write it:', `  ${write}`];
}
