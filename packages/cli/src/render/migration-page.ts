import type { MigrationPlan } from '@vltair/server';
import { oneLine, table, type Paint } from './terminal-text.ts';

/** What `vltair migrate` would do to a run. */
export function migrationPage({ run, from, to, ...plan }: MigrationPlan, paint: Paint): string {
  const rows = [
    ['from', `${from.name} ${cut(from.digest)}`],
    ['to', `${to.name} ${cut(to.digest)}`],
    ['added', listText(plan.added)],
    ['removed', listText(plan.removed)],
    ['changed', listText(plan.changed)],
    ...plan.agents.map(({ agent, before, after }) => ['agent', `${oneLine(agent)}: ${cut(before)} -> ${cut(after)}`]),
    ...(plan.flags.length === 0 ? [] : [['flags', `${plan.flags.join(', ')} on from here`]]),
  ];
  return [`${paint('bold', run)} can be moved`, ...table(rows).map((line) => `  ${line}`)].join('\n');
}

function cut(digest: string | undefined): string {
  return digest === undefined || digest === '' ? 'none' : digest.slice(0, 12);
}

function listText(ids: readonly string[]): string {
  return ids.length === 0 ? '-' : ids.join(', ');
}
