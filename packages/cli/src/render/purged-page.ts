import { formatDuration } from '@vltair/protocol';
import type { PurgedEvent, PurgedSummary } from '@vltair/server';
import { paintStatus } from './run-list.ts';
import { oneLine, table, type PageStyle, type Paint } from './terminal-text.ts';

/** What is left to tell of a purged run. */
export function purgedPage(summary: PurgedSummary, { paint, command }: PageStyle): string {
  const { run, status, workflow, createdTs, updatedTs, events, traceId, archivedTs, purged } = summary;
  const rows = [
    ['what', `payloads purged (workflow ${workflow})`],
    ['purged', purgeText(purged)],
    [
      'began',
      `${new Date(createdTs).toISOString()}, ${formatDuration(updatedTs - createdTs)} until the last of ${events} events`,
    ],
    ['trace', traceId],
    ...(archivedTs === undefined ? [] : [['archived', new Date(archivedTs).toISOString()]]),
  ];
  return [
    `${paint('bold', run)} ${paintStatus(status, paint)}`,
    ...table(rows).map((line) => `  ${line}`),
    '',
    `What its events said is erased. Their order, types and times are left:`,
    `  next: ${command} events ${run}, or ${command} verify ${run}`,
  ].join('\n');
}

function purgeText({ by, ts, reason, payloads }: PurgedSummary['purged']): string {
  const who = by === undefined ? 'by whoever exported it' : `by ${oneLine(by)}`;
  const when = ts === undefined ? '' : ` at ${new Date(ts).toISOString()}`;
  return `${payloads} payloads ${who}${when}${reason === undefined ? '' : `: ${oneLine(reason)}`}`;
}

export function purgedLine({ seq, ts, kind, type, payload }: PurgedEvent, paint: Paint): string {
  const time = new Date(ts).toISOString().slice(11, 23);
  const said =
    payload?.type === 'payload.purged'
      ? `${payload.payloads} payloads by ${payload.by}`
      : paint('dim', 'payload purged');
  return `${String(seq).padStart(4)} ${time} ${kind.padEnd(8)} ${type.padEnd(18)} ${oneLine(said)}`;
}
