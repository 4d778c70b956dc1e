import { errorCatalogue, formatDuration, type Amounts, type Failure, type WaitingFor } from '@vltair/protocol';
import type { AttemptSummary, ChildWait, EffectSummary, RunSummary, VisitSummary } from '@vltair/server';
import { paintStatus } from './run-list.ts';
import { oneLine, plainText, table, type Colour, type PageStyle, type Paint } from './terminal-text.ts';
import { nextCommand, waitText } from './wait-text.ts';

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
    ['pinned', pinsText(summary.manifest)],
    ...(summary.parent === undefined ? [] : [['part of', `${summary.parent.run} ${summary.parent.node}`]]),
    ...(summary.forkedFrom === undefined
      ? []
      : [['forked', `from ${summary.forkedFrom.run} after event ${summary.forkedFrom.seq}`]]),
    ...(summary.treeBefore === undefined ? [] : [['tree', summary.treeBefore]]),
    ...(changed && summary.treeAfter !== undefined ? [['', `${summary.treeAfter} after it`]] : []),
    ['spent', spentText(budget.spent, budget.limit)],
    ...(takeovers === 0 ? [] : [['taken up', `${takeovers} time${takeovers === 1 ? '' : 's'} after an interruption`]]),
    ...restoredRows(summary.restored),
    ...(summary.archivedTs === undefined ? [] : [['archived', new Date(summary.archivedTs).toISOString()]]),
    ...(summary.origin === undefined ? [] : [['imported', `signed by ${summary.origin}`]]),
  ];
  return [`${paint('bold', run)} ${paintStatus(status, paint)}`, ...table(rows).map((line) => `  ${line}`)];
}

/** The workflow's digest is what `vltair migrate --to` takes. */
function pinsText({ workflow, agents, flags }: RunSummary['manifest']): string {
  const named = Object.entries(agents).map(([agent, digest]) => `${oneLine(agent)} ${digest.slice(0, 12)}`);
  return [`workflow ${workflow.slice(0, 12)}`, ...named, `flags ${flags.join(' ')}`].join(', ');
}

function restoredRows(restored: RunSummary['restored']): readonly (readonly string[])[] {
  if (restored === undefined) return [];
  const { by, backup, backupTs, isOriginalStopped } = restored;
  const original = isOriginalStopped
    ? 'its original did nothing after it'
    : 'its original may have gone on: calls that may be repeats are parked';
  const made = new Date(backupTs).toISOString();
  return [['restored', `by ${oneLine(by)} from the backup ${backup.slice(0, 12)} of ${made}; ${original}`]];
}

/** Tokens and money only where the run has to do with them. */
function spentText(spent: Required<Amounts>, limit: Amounts): string {
  const of = (amount: number, bound: number | undefined): string =>
    bound === undefined ? `${amount}` : `${amount} of ${bound}`;
  const counts = (dimension: keyof Amounts): boolean => spent[dimension] > 0 || limit[dimension] !== undefined;
  return [
    `${of(spent.calls, limit.calls)} calls`,
    `${of(spent.candidates, limit.candidates)} candidates`,
    ...(counts('tokens') ? [`${of(spent.tokens, limit.tokens)} tokens`] : []),
    ...(counts('microUsd') ? [`${of(spent.microUsd, limit.microUsd)} micro-dollars`] : []),
    `${formatDuration(spent.timeMs)} of calls`,
  ].join(', ');
}

const SYMBOLS: Readonly<Record<VisitSummary['status'], readonly [string, Colour]>> = {
  running: ['▸', 'cyan'],
  waiting: ['◦', 'yellow'],
  succeeded: ['✔', 'green'],
  failed: ['✖', 'red'],
  skipped: ['○', 'dim'],
  cancelled: ['■', 'dim'],
};

/** A line for each visit of a node in the order of time, and what it did below. */
export function timeline(
  { visits, interventions, createdTs }: Pick<RunSummary, 'visits' | 'interventions' | 'createdTs'>,
  paint: Paint,
): readonly string[] {
  const told = interventions.map(({ ts, text }) => {
    const at = `+${formatDuration(ts - createdTs)}`.padStart(9);
    return { ts, lines: [`${at} ${paint('bold', '→')} ${oneLine(text)}`] };
  });
  const visited = visits.map((visit) => ({ ts: visit.startedTs, lines: visitLines(visit, createdTs, paint) }));
  return [...told, ...visited].toSorted((left, right) => left.ts - right.ts).flatMap(({ lines }) => lines);
}

function visitLines(visit: VisitSummary, createdTs: number, paint: Paint): readonly string[] {
  const [symbol, colour] = SYMBOLS[visit.status];
  const at = `+${formatDuration(visit.startedTs - createdTs)}`.padStart(9);
  const took = visit.endedTs === undefined ? '' : `, ${formatDuration(visit.endedTs - visit.startedTs)}`;
  const name = visit.visit > 1 ? `${visit.node}#${visit.visit}` : visit.node;
  const head = `${at} ${paint(colour, symbol)} ${paint('bold', name)} ${visitText(visit)}${took}`;
  const notes = visit.notes.map((note) => `${INDENT}${paint('dim', oneLine(note))}`);
  return [head, ...notes, ...visit.attempts.flatMap((attempt) => attemptLines(attempt, visit.attempts.length, paint))];
}

function visitText({ kind, agent, action, status, signal, because, failure }: VisitSummary): string {
  const what = kind === 'agent' ? `${agent} ${action}` : kind;
  if (signal !== undefined) return `${what}: ${signal}`;
  if (because !== undefined) return `${what}: skipped, ${oneLine(because)}`;
  return failure === undefined
    ? `${what}: ${status === 'waiting' ? 'waits' : status}`
    : `${what}: ${oneLine(failure.message)}`;
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

/** What a run waits for, and the command that answers it. */
export function waitLines(wait: WaitingFor, command: string, run: string): readonly string[] {
  const next = nextCommand(wait, command, run);
  return [`waits for ${oneLine(waitText(wait))}`, ...(next === undefined ? [] : [`  next: ${next}`])];
}

/** What runs below wait for: their answers go to them. */
export function childWaitLines(waits: readonly ChildWait[], command: string): readonly string[] {
  return waits.flatMap(({ run, wait }) => {
    const [first = '', ...rest] = waitLines(wait, command, run);
    return [first.replace(/^waits for /, `waits for its child ${run}, which waits for `), ...rest];
  });
}

function ending(summary: RunSummary, paint: Paint, command: string): readonly string[] {
  const { cancel, failure, waitingFor, childWaits, applied, run, output, leftAlone } = summary;
  return [
    ...(cancel === undefined ? [] : ['', `cancelled by ${oneLine(cancel.by)}: ${oneLine(cancel.reason)}`]),
    ...(failure === undefined ? [] : ['', ...failureLines(failure, paint)]),
    ...(leftAlone === undefined ? [] : ['', ...failureLines(leftAlone, paint, 'left alone')]),
    ...(output === undefined ? [] : ['', `output: ${plainText(JSON.stringify(output))}`]),
    ...(waitingFor.length + childWaits.length === 0 ? [] : ['']),
    ...waitingFor.flatMap((wait) => waitLines(wait, command, run)),
    ...childWaitLines(childWaits, command),
    ...(applied === undefined
      ? []
      : [
          '',
          `written into ${oneLine(applied.directory)} by ${oneLine(applied.by)}: ${applied.files.map(oneLine).join(', ')}`,
        ]),
  ];
}

export function failureLines({ reason, message, where }: Failure, paint: Paint, what = 'failed'): readonly string[] {
  return [
    `${paint('red', `${what}[${reason}]`)}: ${oneLine(message)}`,
    ...(where === undefined || message.includes(where) ? [] : [`  where: ${oneLine(where)}`]),
    `  next: ${errorCatalogue[reason].next}`,
  ];
}
