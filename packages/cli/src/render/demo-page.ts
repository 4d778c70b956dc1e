import type { FixOutcome, RunSummary } from '@vltair/server';
import { fixPage } from './fix-page.ts';
import { timeline } from './run-page.ts';
import { shellWord } from './shell-word.ts';
import type { PageStyle } from './terminal-text.ts';

/** The repair, the timeline of its run, and what can be done with it. */
export function demoPage(outcome: FixOutcome, summary: RunSummary, directory: string, style: PageStyle): string {
  const { command, paint } = style;
  const { run } = outcome.report;
  const at = `--directory ${shellWord(directory)}`;
  return [
    fixPage(outcome, style),
    '',
    paint('bold', 'What happened, from the log of the run'),
    ...timeline(summary, paint),
    '',
    paint('bold', 'What the log is good for'),
    `  ${command} replay ${run} ${at}             # the state, from the log alone`,
    `  ${command} replay ${run} --verify ${at}    # does today's code decide the same again?`,
    `  ${command} verify ${run} ${at}             # is the log what was signed?`,
    `  ${command} export ${run} ${at} --out run.jsonl`,
    `  ${command} fix ${shellWord(directory)} --apply`,
    '',
    `The project stays in ${directory}; remove it when you like.`,
  ].join('\n');
}
