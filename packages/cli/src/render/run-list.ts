import { formatDuration } from '@vltair/protocol';
import type { ListedRun, RunStatus } from '@vltair/server';
import { oneLine, table, type Colour, type Paint } from './terminal-text.ts';
import { waitWords } from './wait-text.ts';

const COLOURS: Readonly<Record<RunStatus, Colour>> = {
  queued: 'dim',
  running: 'cyan',
  paused: 'yellow',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'dim',
};

export function paintStatus(status: RunStatus, paint: Paint, text: string = status): string {
  return paint(COLOURS[status], text);
}

/** A table of runs, newest first; the whole ids, since they are there to be copied. */
export function runList(rows: readonly ListedRun[], now: number, paint: Paint): string {
  if (rows.length === 0) return 'There are no runs.';
  const cells = rows.map((row) => [
    row.run,
    row.status,
    formatDuration(Math.max(0, row.updatedTs - row.createdTs)),
    `${formatDuration(Math.max(0, now - row.createdTs))} ago`,
    row.purged === undefined ? oneLine(titleOf(row)) : '(payloads purged)',
  ]);
  const lines = table([['RUN', 'STATUS', 'TOOK', 'STARTED', 'WHAT'], ...cells]);
  const [head = '', ...rest] = lines;
  return [
    paint('bold', head),
    ...rest.map((line, at) => {
      const status = rows[at]?.status;
      return status === undefined ? line : line.replace(status, paintStatus(status, paint));
    }),
  ].join('\n');
}

function titleOf({ title, waitingFor }: ListedRun): string {
  return waitingFor.length === 0 ? title : `${title} (${waitingFor.map(waitWords).join('; ')})`;
}
