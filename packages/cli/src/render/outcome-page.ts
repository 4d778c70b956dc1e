import { formatDuration } from '@vltair/protocol';
import type { RunOutcome } from '@vltair/server';
import { failureLines } from './run-page.ts';
import { paintStatus } from './run-list.ts';
import { plainText, type PageStyle } from './terminal-text.ts';

/** How a run ended, and what it gave. */
export function outcomePage({ state, result }: RunOutcome, { paint, command }: PageStyle): string {
  const { run, status, failure, waitingFor, createdTs, ts } = state;
  return [
    `${paintStatus(status, paint)} in ${formatDuration(ts - createdTs)} (run ${run})`,
    ...(failure === undefined ? [] : failureLines(failure, paint)),
    ...(status === 'succeeded' && result !== undefined ? [plainText(JSON.stringify(result.output, null, 2))] : []),
    ...(waitingFor.length === 0 ? [] : [`  next: ${command} resume ${run} --parked retry (or fail)`]),
    ...(status === 'succeeded' ? [] : [`  more: ${command} show ${run}`]),
  ].join('\n');
}
