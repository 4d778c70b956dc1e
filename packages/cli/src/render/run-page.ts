import { errorCatalogue, formatDuration, type Amounts, type Failure } from '@vltair/protocol';
import type { AttemptSummary, EffectSummary, RunSummary, VisitSummary } from '@vltair/server';
import { paintStatus } from './run-list.ts';
import { oneLine, table, type Colour, type PageStyle, type Paint } from './terminal-text.ts';

/** A run for a person: what it was, what each node did, how it ended and what to do next. */
export function runPage(summary: RunSummary, { paint, command }: PageStyle): string {
  return [...header(summary, paint), '', ...timeline(summary, paint), ...ending(summary, paint, command)].join('\n');
}

function header(summary: RunSummary, paint: Paint): readonly string[] {
  const { run, status, title, workflow, createdTs, updatedTs, traceId, budget, takeovers, events } = summary;
  const changed = summary.treeAfter !== summary.treeBefore;
  const rows = [
    ['what', `${oneLine(title)} (workflow ${workflow})`],
    [
      'began',
      `${new Date(createdTs).toISOString()}, ${formatDuration(updatedTs - createdTs)} until the last of ${events} events`,
    ],
    ['trace', traceId],
    ...(summary.treeBefore === undefined ? [] : [['tree', summary.treeBefore]]),
    ...(changed && summary.treeAfter !== undefined ? [['', `${summary.treeAfter} after it`]] : []),
    ['spent', spentText(budget.spent, budget.limit)],
    ...(takeovers === 0 ? [] : [['taken up', `${takeovers} time${takeovers === 1 ? '' : 's'} after an interruption`]]),
    ...(summary.origin === undefined ? [] : [['imported', `signed by ${summary.origin}`]]),
  ];
  return [`${paint('bold', run)} ${paintStatus(status, paint)}`, ...table(rows).map((line) => `  ${line}`)];
}

function spentText(spent: Required<Amounts>, limit: Amounts): string {
  const of = (amount: number, bound: number | undefined): string =>
    bound === undefined ? `${amount}` : `${amount} of ${bound}`;
  const time = `${formatDuration(spent.timeMs)} of calls`;
  return `${of(spent.calls, limit.calls)} calls, ${of(spent.candidates, limit.candidates)} candidates, ${time}`;
}

const SYMBOLS: Readonly<Record<VisitSummary['status'], readonly [string, Colour]>> = {
  running: ['▸', 'cyan'],
  succeeded: ['✔', 'green'],
  failed: ['✖', 'red'],
  skipped: ['○', 'dim'],
  cancelled: ['■', 'dim'],
};

/** A line for each visit of a node in the order of time, and what it did below. */
export function timeline(
  { visits, createdTs }: Pick<RunSummary, 'visits' | 'createdTs'>,
  paint: Paint,
): readonly string[] {
  return visits.flatMap((visit) => {
    const [symbol, colour] = SYMBOLS[visit.status];
    const at = `+${formatDuration(visit.startedTs - createdTs)}`.padStart(9);
    const took = visit.endedTs === undefined ? '' : `, ${formatDuration(visit.endedTs - visit.startedTs)}`;
    const name = visit.visit > 1 ? `${visit.node}#${visit.visit}` : visit.node;
    const head = `${at} ${paint(colour, symbol)} ${paint('bold', name)} ${visitText(visit)}${took}`;
    return [head, ...visit.attempts.flatMap((attempt) => attemptLines(attempt, visit.attempts.length, paint))];
  });
}

function visitText({ agent, action, status, signal, because, failure }: VisitSummary): string {
  const what = `${agent} ${action}`;
  if (signal !== undefined) return `${what}: ${signal}`;
  if (because !== undefined) return `${what}: skipped, ${oneLine(because)}`;
  return failure === undefined ? `${what}: ${status}` : `${what}: ${oneLine(failure.message)}`;
}

const INDENT = ' '.repeat(12);

function attemptLines(
  { attempt, incarnations, failure, effects }: AttemptSummary,
  of: number,
  paint: Paint,
): readonly string[] {
  const facts = [
    ...(of > 1 ? [`attempt ${attempt} of ${of}`] : []),
    ...(incarnations > 1 ? [`taken up ${incarnations - 1} times`] : []),
    ...(of > 1 && failure !== undefined ? [oneLine(failure.message)] : []),
  ];
  const head = facts.length === 0 ? [] : [`${INDENT}${paint('dim', facts.join(', '))}`];
  return [...head, ...effects.map((effect) => `${INDENT}${effectText(effect, paint)}`)];
}

function effectText(
  { name, summary, executions, reused, status, failure, spent }: EffectSummary,
  paint: Paint,
): string {
  const notes = [
    ...(spent?.timeMs === undefined ? [] : [formatDuration(spent.timeMs)]),
    ...(executions > 1 ? [`sent ${executions} times`] : []),
    ...(reused > 0 ? [`answered from the ledger ${reused === 1 ? 'once' : `${reused} times`}`] : []),
    ...(status === 'recorded' ? [] : [status]),
    ...(failure === undefined ? [] : [oneLine(failure.message)]),
  ];
  const what = summary === '' || summary === name ? name : summary;
  return `${paint('dim', '·')} ${oneLine(what)}${notes.length === 0 ? '' : paint('dim', ` (${notes.join(', ')})`)}`;
}

function ending(summary: RunSummary, paint: Paint, command: string): readonly string[] {
  const { cancel, failure, waitingFor, applied, run } = summary;
  return [
    ...(cancel === undefined ? [] : ['', `cancelled by ${oneLine(cancel.by)}: ${oneLine(cancel.reason)}`]),
    ...(failure === undefined ? [] : ['', ...failureLines(failure, paint)]),
    ...waitingFor.map(({ node, key }) => `\nwaits for a person: did "${oneLine(key)}" of ${node} happen?`),
    ...(waitingFor.length === 0 ? [] : [`  next: ${command} resume ${run} --parked retry (or fail)`]),
    ...(applied === undefined
      ? []
      : ['', `written into ${oneLine(applied.directory)}: ${applied.files.map(oneLine).join(', ')}`]),
  ];
}

export function failureLines({ reason, message, where }: Failure, paint: Paint): readonly string[] {
  return [
    `${paint('red', `failed[${reason}]`)}: ${oneLine(message)}`,
    ...(where === undefined || message.includes(where) ? [] : [`  where: ${oneLine(where)}`]),
    `  next: ${errorCatalogue[reason].next}`,
  ];
}
