import { formatDuration } from '@vltair/protocol';
import type { RunOutcome } from '@vltair/server';
import { diffText, writeCommand } from './diff-text.ts';
import { childWaitLines, failureLines, waitLines } from './run-page.ts';
import { paintStatus } from './run-list.ts';
import { plainText, type PageStyle } from './terminal-text.ts';

/** How a run ended, what it gave, and what it changed. */
export function outcomePage(outcome: RunOutcome, style: PageStyle): string {
  const { run, status, failure, waitingFor, createdTs, ts } = outcome.state;
  const { paint, command } = style;
  return [
    `${paintStatus(status, paint)} in ${formatDuration(ts - createdTs)} (run ${run})`,
    ...(failure === undefined ? [] : failureLines(failure, paint)),
    ...(status === 'succeeded' ? givenLines(outcome) : []),
    ...changeLines(outcome, style),
    ...waitingFor.flatMap((wait) => waitLines(wait, command, run)),
    ...childWaitLines(outcome.childWaits, command),
    ...(status === 'succeeded' ? [] : [`  more: ${command} show ${run}`]),
  ].join('\n');
}

/** The output of the run, else what its last node gave. */
function givenLines({ state, result }: RunOutcome): readonly string[] {
  const given = state.output ?? result?.output;
  return given === undefined ? [] : [plainText(JSON.stringify(given, null, 2))];
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
