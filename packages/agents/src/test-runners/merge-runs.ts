import type { CoverageHint, TestResult } from '@vltair/protocol';
import type { TestRun } from './run-tests.ts';

type Outcome = TestResult['outcome'];

/** The worst outcome of a monorepo's suites is the outcome of all; packages without tests do not count while others have some. */
const SEVERITY: Readonly<Record<Outcome, number>> = { no_tests: 0, passed: 1, failed: 2, timeout: 3, error: 4 };

/** One result for the suites of one project. @throws RangeError for none. */
export function mergeTestRuns(runs: readonly TestRun[]): {
  readonly result: TestResult;
  readonly coverage?: CoverageHint;
} {
  const worst = runs
    .map(({ result }) => result)
    .toSorted((left, right) => SEVERITY[right.outcome] - SEVERITY[left.outcome])[0];
  if (worst === undefined) throw new RangeError('no test run to merge');
  const result: TestResult = {
    ...worst,
    durationMs: runs.reduce((sum, run) => sum + run.result.durationMs, 0),
    cases: runs.flatMap((run) => run.result.cases).toSorted((left, right) => (left.id < right.id ? -1 : 1)),
    flaky: runs.flatMap((run) => run.result.flaky).toSorted(),
    log: runs.map((run) => run.result.log).join('\n'),
  };
  const hints = runs.map((run) => run.coverage).filter((hint) => hint !== undefined);
  if (hints.length === 0) return { result };
  const failing = hints.flatMap((hint) => hint.failing);
  const passing = hints.flatMap((hint) => hint.passing);
  return { result, coverage: { kind: 'coverage_hint', failing, passing } };
}
