import type { CampaignReport } from './campaign.ts';
import type { Check } from './checks.ts';

/** For people. */
export function reportText(report: CampaignReport): string {
  const { seed, store, seconds, tally, checks, leftOut, timeline, evidence } = report;
  const failed = checks.filter(({ faults }) => faults.length > 0).length;
  const lines = [
    `${store}, seed ${seed}, ${seconds.toFixed(0)} s`,
    `runs          ${tally.runs}: ${pairs(tally.statuses)}`,
    `shapes        ${pairs(tally.shapes)}`,
    `events        ${tally.events}, ${tally.takeovers} takeovers, ${tally.parked} calls parked`,
    `acknowledged  ${pairs(tally.acknowledged)}`,
    `faults        ${Object.values(tally.faults).reduce((sum, count) => sum + count, 0)}: ${pairs(tally.faults)}`,
    ...(leftOut.length === 0 ? [] : [`left out      ${leftOut.join(', ')}`]),
    `calls         ${pairs(tally.calls)}; ${tally.refusals} refused by the outside`,
    `repeats       ${pairs(tally.repeats)}`,
    ...checks.map(describe),
    ...(timeline.length === 0 ? [] : ['', 'The run that met most:', ...timeline.map((line) => `  ${line}`)]),
    '',
    failed === 0 ? 'every check held' : `${failed} checks failed; seed ${seed}, evidence in ${evidence ?? ''}`,
  ];
  return `${lines.join('\n')}\n`;
}

const SHOWN = 5;

function describe({ what, faults }: Check): string {
  if (faults.length === 0) return `  ok      ${what}`;
  const more = faults.length > SHOWN ? [`... and ${faults.length - SHOWN} more`] : [];
  return [`  FAILED  ${what}`, ...[...faults.slice(0, SHOWN), ...more].map((fault) => `          ${fault}`)].join('\n');
}

function pairs(counts: Readonly<Record<string, number>>): string {
  const text = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return text.length === 0 ? 'none' : text.join(', ');
}
