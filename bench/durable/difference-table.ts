import { columns } from './columns.ts';
import type { Difference } from './gate.ts';

/** One line for each metric, and one that counts. */
export function differenceTable(found: readonly Difference[]): string {
  const rows = found.map(({ key, baseline, current, worseBy, allowed, verdict }) => [
    verdict === 'holds' ? 'ok  ' : 'FAIL',
    key,
    String(baseline),
    verdict === 'missing' ? 'missing' : String(current),
    verdict === 'missing' ? '' : percent(-worseBy),
    percent(-allowed),
  ]);
  const failed = found.filter(({ verdict }) => verdict !== 'holds').length;
  return [
    ...columns([['', 'metric', 'baseline', 'current', 'change for the better', 'allowed'], ...rows]),
    `${found.length - failed} of ${found.length} metrics hold`,
  ].join('\n');
}

function percent(share: number): string {
  return `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
}
