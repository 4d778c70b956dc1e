import type { Rehearsal } from '@vltair/server';
import { paintStatus } from './run-list.ts';
import { oneLine, type Paint } from './terminal-text.ts';

/** `checked` are those that are the same and those that differ; purged runs have nothing left to check. */
export interface RehearsalCounts {
  checked: number;
  same: number;
  differing: number;
  purged: number;
}

/** Findings of one run that are shown; the rest is counted. */
const MOST_FINDINGS = 5;

/** What today's code would make of the runs of a store: each that differs, why, and what to do. */
export function rehearsalPage(counts: RehearsalCounts, differing: readonly Rehearsal[], paint: Paint): string {
  return [...differing.flatMap((rehearsal) => runLines(rehearsal, paint)), summary(counts, paint)].join('\n');
}

function runLines({ run, status, title, events, findings }: Rehearsal, paint: Paint): readonly string[] {
  const shown = findings.slice(0, MOST_FINDINGS);
  const more = findings.length - shown.length;
  return [
    `${paint('red', 'differs')}: ${paint('bold', run)} ${paintStatus(status, paint)}, ${events} events: ${oneLine(title)}`,
    ...shown.map(({ kind, seq, afterFact, reason }) => {
      const place = seq === undefined ? kind : `event ${seq}, after ${afterFact ?? ''}`;
      return `  ${place}: ${oneLine(reason)}`;
    }),
    ...(more === 0 ? [] : [`  and ${more} more`]),
    ...[...new Set(findings.map(({ next }) => next))].map((next) => `  next: ${next}`),
  ];
}

function summary({ checked, same, differing, purged }: RehearsalCounts, paint: Paint): string {
  const gone = purged === 0 ? '' : `; ${purged} purged, which cannot be read`;
  if (checked === 0) return `There is no run to rehearse${gone}.`;
  const runs = `${checked} ${checked === 1 ? 'run' : 'runs'}`;
  if (differing === 0) return `${paint('green', 'rehearsed')}: ${runs}, all as recorded${gone}`;
  return `${paint('red', 'rehearsed')}: ${runs}: ${same} as recorded, ${differing} differ${gone}`;
}
