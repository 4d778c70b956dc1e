import type { Report, ReportedCase, ReportedError } from './report.ts';
import { parseDiagnostic } from './tap-diagnostic.ts';

const testPoint = /^(not )?ok\b(?:\s+\d+)?(?:\s+-)?\s*(.*)$/;
const directive = /(?:^|\s)#\s*(skip|todo)\b.*$/i;
const plan = /^1\.\.(\d+)/;

interface Level {
  cases: ReportedCase[];
  planned: number | undefined;
  points: number;
}

/** Whether a text looks like TAP at all: a version line, or a plan with a test point. */
export function looksLikeTap(text: string): boolean {
  return /^TAP version 1[34]$/m.test(text) || (/^1\.\.\d+/m.test(text) && /^(?:not )?ok\b/m.test(text));
}

/** Reads TAP 13 and 14: nested subtests, YAML diagnostics, SKIP and TODO, plans and bail-outs. Other lines are the program's own output. */
export function parseTap(text: string): Report {
  const levels: Level[] = [newLevel()];
  const lines = text.split('\n');
  let bailed: string | undefined;
  for (let at = 0; at < lines.length && bailed === undefined; at += 1) {
    const line = lines[at] ?? '';
    const content = line.trimStart();
    const depth = Math.floor((line.length - content.length) / 4);
    bailed = /^Bail out!\s*(.*)$/.exec(content)?.[1];
    const planned = plan.exec(content)?.[1];
    if (planned !== undefined) levelAt(levels, depth).planned = Number(planned);
    const point = testPoint.exec(content);
    if (point === null) continue;
    const diagnostic = diagnosticAfter(lines, at);
    finishPoint(levels, depth, { failed: point[1] !== undefined, text: point[2] ?? '', diagnostic: diagnostic.text });
    at = diagnostic.end;
  }
  return toReport(levels[0] ?? newLevel(), bailed);
}

function newLevel(): Level {
  return { cases: [], planned: undefined, points: 0 };
}

function levelAt(levels: Level[], depth: number): Level {
  while (levels.length <= depth) levels.push(newLevel());
  return levels[depth] ?? newLevel();
}

/** The YAML block right after a test point, and the index of its last line. */
function diagnosticAfter(lines: readonly string[], at: number): { text: string; end: number } {
  if (lines[at + 1]?.trim() !== '---') return { text: '', end: at };
  const indent = lines[at + 1]?.indexOf('---') ?? 0;
  let end = at + 2;
  while (end < lines.length && lines[end]?.trimEnd() !== `${' '.repeat(indent)}...`) end += 1;
  return { text: withoutIndent(lines.slice(at + 2, end)), end };
}

/** Producers indent the block by two blanks (node:test) or four (tape). */
function withoutIndent(block: readonly string[]): string {
  const indents = block.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const indent = indents.length === 0 ? 0 : Math.min(...indents);
  return block.map((line) => line.slice(indent)).join('\n');
}

interface Point {
  readonly failed: boolean;
  readonly text: string;
  readonly diagnostic: string;
}

function finishPoint(levels: Level[], depth: number, point: Point): void {
  const level = levelAt(levels, depth);
  level.points += 1;
  const own = caseOf(point);
  const inner = levels.splice(depth + 1).flatMap(({ cases }) => cases);
  const nested = inner.map((testCase) => ({ ...testCase, titles: [...own.titles, ...testCase.titles] }));
  const explained = own.status !== 'failed' || nested.some(({ status }) => status === 'failed');
  level.cases.push(...nested, ...(nested.length > 0 && explained ? [] : [own]));
}

function caseOf({ failed, text, diagnostic }: Point): ReportedCase {
  const isDirected = directive.test(text);
  const title = text
    .replace(directive, '')
    .replaceAll(/\\([#\\])/g, '$1')
    .trim();
  const { file, failedIn, line, durationMs, error } = parseDiagnostic(diagnostic);
  const status = isDirected ? 'skipped' : failed ? 'failed' : 'passed';
  const place = {
    ...(file === undefined ? {} : { file }),
    ...(failedIn === undefined ? {} : { failedIn }),
    ...(line === undefined ? {} : { line }),
    ...(durationMs === undefined ? {} : { durationMs }),
  };
  return {
    kind: 'case',
    titles: [title === '' ? 'unnamed' : title],
    status,
    ...place,
    ...(status === 'failed' ? { error: withMessage(error) } : {}),
  };
}

function withMessage(error: Partial<ReportedError>): ReportedError {
  return { message: 'not ok', ...error };
}

/** A place that only failures tell cannot be part of what names a case: it would have another name when it passes. */
function placed(cases: readonly ReportedCase[]): readonly ReportedCase[] {
  if (cases.every(({ file }) => file !== undefined)) return cases;
  return cases.map(({ file, ...rest }) => (file === undefined ? rest : { ...rest, failedIn: file }));
}

function toReport({ cases, planned, points }: Level, bailed: string | undefined): Report {
  const isComplete = bailed === undefined && planned !== undefined && points >= planned;
  const counted =
    planned === undefined
      ? 'the TAP output has no plan'
      : `the TAP plan promised ${planned} tests, ${points} were reported`;
  const problem = bailed === undefined ? counted : `bail out: ${bailed === '' ? 'no reason given' : bailed}`;
  return {
    cases: placed(cases),
    started: [],
    loadErrors: [],
    covered: [],
    isComplete,
    ...(isComplete ? {} : { problem }),
  };
}
