import { formatDuration } from '@vltair/protocol';
import type { FailingCase, FixOutcome, FixReport } from '@vltair/server';
import { diffText, writeCommand } from './diff-text.ts';
import { failureLines } from './run-page.ts';
import { fitted, oneLine, type PageStyle, type Paint } from './terminal-text.ts';

/** What a repair came to, and what to do next. */
export function fixPage({ report, applied }: FixOutcome, style: PageStyle): string {
  const { paint, command } = style;
  const lines = [...headline(report, paint), ...failingLines(report), ...refusalLines(report), ...editLines(report)];
  if (report.diff !== '') lines.push('', diffText(report.diff, style).trimEnd());
  if (report.status === 'failed' && report.failure !== undefined)
    lines.push('', ...failureLines(report.failure, paint));
  lines.push(...nextLines(report, applied, command));
  return lines.join('\n');
}

function headline({ status, diff, run, durationMs, reproduced }: FixReport, paint: Paint): string[] {
  const took = `in ${formatDuration(durationMs)} (run ${run})`;
  if (status === 'succeeded' && diff !== '') return [`${paint('green', 'repaired')} ${took}`];
  if (status === 'succeeded')
    return [`${paint('green', 'nothing to repair')}: ${reproduced?.passed ?? 'all'} tests pass ${took}`];
  if (status === 'failed') return [`${paint('red', 'not repaired')} ${took}`];
  return [`${paint('yellow', status)} ${took}`];
}

const SHOWN = 10;
const EXPLAINED = 5;

function failingLines({ failing, failures, flaky, reproduced }: FixReport): string[] {
  if (failing.length === 0) return [];
  const count = reproduced === undefined ? '' : ` of ${reproduced.passed + reproduced.failed + reproduced.skipped}`;
  const shown = failing.slice(0, SHOWN).flatMap((id, at) => {
    const failure = at < EXPLAINED ? failures.find((each) => each.id === id) : undefined;
    return [
      `  ${told(id)}${flaky.includes(id) ? ' (flaky)' : ''}`,
      ...(failure === undefined ? [] : reasonLines(failure)),
    ];
  });
  const more = failing.length > SHOWN ? [`  and ${failing.length - SHOWN} more`] : [];
  return [`${failing.length}${count} tests failed:`, ...shown, ...more];
}

const MESSAGE_LINES = 4;
const COLUMNS = 200;

/** Why a case fails: its message, what it compared, and where. */
function reasonLines({ message = '', file, line, expected, actual }: FailingCase): string[] {
  const said = message.split(/\r?\n/).filter((each) => each.trim() !== '');
  const cut = said.length > MESSAGE_LINES ? ['…'] : [];
  const compared = expected === undefined || actual === undefined ? [] : [`expected: ${expected}`, `actual: ${actual}`];
  const place = file === undefined ? [] : [`at ${file}${line === undefined ? '' : `:${line}`}`];
  return [...said.slice(0, MESSAGE_LINES), ...cut, ...compared, ...place].map((each) => `    ${told(each)}`);
}

/** One line of what others wrote, harmless and bounded. */
function told(text: string): string {
  return fitted(oneLine(text), COLUMNS);
}

/** Files that were suspected and could not be read as code. */
function refusalLines({ refusals }: FixReport): string[] {
  return refusals.slice(0, SHOWN).map(({ file, reason, detail }) => {
    const [name, why] = [file, detail].map((part) => (typeof part === 'string' ? part : JSON.stringify(part)));
    const what = reason === 'syntax_error' ? 'does not parse' : 'gave no edits';
    return told(`${name} ${what}: ${why}`);
  });
}

function editLines(report: FixReport): string[] {
  const { edits, tried, timedOut, planned, status, alternatives } = report;
  const late = timedOut === 0 ? '' : ` (${timedOut} ran out of time)`;
  const tries = `${tried} edit${tried === 1 ? '' : 's'} tried${late}`;
  if (edits.length === 0) {
    if (status !== 'failed' || planned === 0) return [];
    return [
      `${tries} of ${planned} planned; none makes all of them pass`,
      ...operatorLines(report),
      ...suspectLines(report),
    ];
  }
  const places = edits.map(placeOf);
  const others = alternatives.map((edit) => `  also passes: ${placeOf(edit)}`);
  return [`${tries}; kept: ${places.join(', ')}`, ...others];
}

/** Where the fault was looked for, file by file. */
function operatorLines({ operators }: FixReport): string[] {
  const counts = Object.entries(operators).toSorted(([, left], [, right]) => right - left);
  return counts.length === 0 ? [] : [`  kinds: ${counts.map(([name, count]) => `${name} ${count}`).join(', ')}`];
}

function suspectLines({ suspects }: FixReport): string[] {
  const files = Map.groupBy(suspects, ({ file }) => (typeof file === 'string' ? file : '?'));
  const places = [...files].map(
    ([file, found]) => `  ${oneLine(file)}: lines ${found.slice(0, SHOWN).map(lineOf).join(', ')}`,
  );
  return places.length === 0 ? [] : ['most suspicious lines:', ...places.slice(0, SHOWN)];
}

function lineOf({ line }: FixReport['suspects'][number]): string {
  return typeof line === 'number' ? `${line}` : '?';
}

function placeOf(edit: FixReport['edits'][number]): string {
  const { file, line, operator } = edit;
  return oneLine(
    [file, ':', line, ' (', operator, ')']
      .map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
      .join(''),
  );
}

function nextLines(
  { status, diff, run, repositoryPath }: FixReport,
  applied: FixOutcome['applied'],
  command: string,
): string[] {
  switch (applied?.kind) {
    case 'applied':
      return ['', `written: ${applied.files.map(oneLine).join(', ')}`];
    case 'already_applied':
      return ['', 'the files hold the repair already'];
    case 'changed_meanwhile':
      return ['', `not written, since these files have changed meanwhile: ${applied.files.map(oneLine).join(', ')}`];
    case 'refused':
      return ['', `not written, since a folder above this file is a link by now: ${oneLine(applied.path)}`];
    case undefined:
      if (status !== 'succeeded' || diff === '') return ['', `more: ${command} show ${run}`];
      return [
        '',
        'Nothing was written. To write it: the same command with --apply, or',
        `  ${writeCommand({ command, run, repositoryPath })}`,
      ];
  }
}
