import type { CoveredLines, TestCase } from '@vltair/protocol';
import { comparedValues } from './parse/compared-values.ts';
import { plainText } from './parse/escape-sequences.ts';
import type { Report, ReportedCase, ReportedCoverage, ReportedError } from './parse/report.ts';
import { parseStack } from './parse/stack-trace.ts';
import type { WorkspacePaths } from './parse/workspace-paths.ts';
import type { TestSelection } from './test-command.ts';

/** A case and, where it was measured, what it ran. */
export interface ObservedCase {
  readonly testCase: TestCase;
  readonly covered?: readonly CoveredLines[];
}

const longestMessage = 8000;

/**
 * The cases of a report, sorted by id. Cases of the same file and titles are numbered in the order in which they ran
 * (`add > adds`, `add > adds (2)`); a file that did not load is one failed case with the file as its id.
 */
export function observedCases(report: Report, paths: WorkspacePaths): ObservedCase[] {
  const numbered = new Map<string, number>();
  const coverage = new CoverageByTitles(report, paths);
  const cases = report.cases.map((reported) => observe(reported, paths, coverage));
  const all = [...cases, ...loadErrorCases(report, paths)].map((observed) => withNumber(observed, numbered));
  return all.toSorted((a, b) => compareText(a.testCase.id, b.testCase.id));
}

/** Order by UTF-16 code units, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** A file that only the stack of a failure tells is no part of the id: the case has the same one when it passes. */
function observe(reported: ReportedCase, paths: WorkspacePaths, coverage: CoverageByTitles): ObservedCase {
  const file = paths.relative(reported.file);
  const titles = reported.titles.map(plainText);
  const error = reported.error === undefined ? {} : describeError(reported.error, paths);
  const place = file ?? paths.relative(reported.failedIn) ?? error.stack?.[0]?.file;
  const covered = reported.covered === undefined ? coverage.of(file, titles) : coveredLines(reported.covered, paths);
  const testCase: TestCase = {
    id: caseId(file, titles),
    title: titles.at(-1) ?? '',
    status: reported.status,
    ...(place === undefined ? {} : { file: place }),
    ...(reported.line !== undefined && reported.line > 0 ? { line: reported.line } : {}),
    ...(reported.durationMs === undefined ? {} : { durationMs: Math.max(0, reported.durationMs) }),
    ...error,
  };
  return { testCase, ...(covered === undefined ? {} : { covered }) };
}

function caseId(file: string | undefined, titles: readonly string[]): string {
  const id = [...(file === undefined ? [] : [file]), ...titles].join(' > ');
  return id === '' ? 'unnamed' : id;
}

function describeError(error: ReportedError, paths: WorkspacePaths): Partial<TestCase> {
  const text = plainText(error.message);
  const message = repeatable(text, paths).slice(0, longestMessage);
  const ownStack = parseStack(plainText(error.stack ?? ''), paths);
  const stack = ownStack.length > 0 ? ownStack : parseStack(text, paths);
  const { expected, actual } =
    error.expected === undefined || error.actual === undefined ? (comparedValues(message) ?? {}) : error;
  return {
    message,
    ...(stack.length === 0 ? {} : { stack }),
    ...(expected === undefined || actual === undefined
      ? {}
      : { expected: repeatable(expected, paths), actual: repeatable(actual, paths) }),
  };
}

/** Text that reads the same in every run: no place of the workspace, no address of an object (`<function add at 0x7f5e...>`). */
function repeatable(text: string, paths: WorkspacePaths): string {
  return paths.relativeText(plainText(text)).replaceAll(/\bat 0x[0-9a-f]+>/g, 'at 0x0>');
}

function loadErrorCases(report: Report, paths: WorkspacePaths): ObservedCase[] {
  return report.loadErrors.map(({ file, error }) => {
    const place = paths.relative(file);
    const id = place ?? 'outside any test';
    return {
      testCase: {
        id,
        title: id,
        status: 'failed',
        ...(place === undefined ? {} : { file: place }),
        ...describeError(error, paths),
      },
    };
  });
}

/**
 * The cases that had begun when a run was cut short, as failed ones: who hangs or ends the process is what a person wants to
 * know. Suites are left out: a title path that leads to a case or to another beginning is one.
 */
export function unfinishedCases(
  report: Report,
  observed: readonly ObservedCase[],
  paths: WorkspacePaths,
  why: string,
): TestCase[] {
  const finished = observed.map(({ testCase }) => testCase.id);
  const started = report.started
    .map(({ file, titles }) => ({ file: paths.relative(file), titles: titles.map(plainText) }))
    // The root of node:test begins, too, and is nobody that a person could look for.
    .filter(({ file, titles }) => file !== undefined || titles.some((title) => title !== ''));
  const cases = started.map(({ file, titles }): TestCase => {
    const id = caseId(file, titles);
    return {
      id,
      title: titles.at(-1) ?? id,
      ...(file === undefined ? {} : { file }),
      status: 'failed',
      message: why,
    };
  });
  const ids = new Set([...finished, ...cases.map(({ id }) => id)]);
  const unique = new Map(
    cases
      .filter(({ id }) => !finished.includes(id) && ![...ids].some((other) => other.startsWith(`${id} > `)))
      .map((testCase) => [testCase.id, testCase]),
  );
  return [...unique.values()].toSorted((a, b) => compareText(a.id, b.id));
}

function withNumber(observed: ObservedCase, numbered: Map<string, number>): ObservedCase {
  const { id } = observed.testCase;
  const count = (numbered.get(id) ?? 0) + 1;
  numbered.set(id, count);
  return count === 1 ? observed : { ...observed, testCase: { ...observed.testCase, id: `${id} (${count})` } };
}

/** Whether a case is what a selection asked for; a file that did not load stands for all of its cases. */
export function isSelected({ id, file }: TestCase, selection: readonly TestSelection[]): boolean {
  if (selection.length === 0) return true;
  const plainId = id.replace(/ \(\d+\)$/, '');
  return selection.some(
    (wanted) =>
      wanted.file === file &&
      (wanted.path === undefined || id === file || [id, plainId].includes(`${file} > ${wanted.path}`)),
  );
}

/** Coverage that came as records of its own, found by file and titles; Node 18 tells the innermost title only. */
class CoverageByTitles {
  readonly #byId = new Map<string, readonly CoveredLines[]>();

  constructor(report: Report, paths: WorkspacePaths) {
    for (const { file, titles, covered } of report.covered) {
      this.#byId.set(caseId(paths.relative(file), titles.map(plainText)), coveredLines(covered, paths));
    }
  }

  of(file: string | undefined, titles: readonly string[]): readonly CoveredLines[] | undefined {
    return this.#byId.get(caseId(file, titles)) ?? this.#byId.get(caseId(file, titles.slice(-1)));
  }
}

function coveredLines(covered: ReportedCoverage, paths: WorkspacePaths): CoveredLines[] {
  const byFile = new Map<string, Set<number>>();
  for (const { file, lines } of covered) {
    const place = paths.relative(file);
    if (place !== undefined) byFile.set(place, new Set([...(byFile.get(place) ?? []), ...lines]));
  }
  const entries = [...byFile].map(([file, lines]) => ({ file, lines: [...lines].toSorted((a, b) => a - b) }));
  return entries.toSorted((a, b) => compareText(a.file, b.file));
}
