import type { FixOutcome, RunSummary } from '@vltair/server';
import { fixPage } from './fix-page.ts';
import { timeline } from './run-page.ts';
import type { Paint } from './terminal-text.ts';

/** The repair, the timeline of its run, and what can be done with it. */
export function demoPage(outcome: FixOutcome, summary: RunSummary, directory: string, paint: Paint): string {
  const { run } = outcome.report;
  const at = `--directory ${shellWord(directory)}`;
  return [
    fixPage(outcome, paint),
    '',
    paint('bold', 'What happened, from the log of the run'),
    ...timeline(summary, paint),
    '',
    paint('bold', 'What the log is good for'),
    `  vltair replay ${run} ${at}             # the state, from the log alone`,
    `  vltair replay ${run} --verify ${at}    # does today's code decide the same again?`,
    `  vltair verify ${run} ${at}             # is the log what was signed?`,
    `  vltair export ${run} ${at} --out run.jsonl`,
    `  vltair fix ${shellWord(directory)} --apply`,
    '',
    `The project stays in ${directory}; remove it when you like.`,
  ].join('\n');
}

/** A word for a shell; as it is where it needs no quotes. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
