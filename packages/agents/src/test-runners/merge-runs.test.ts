import { testResultSchema, type CoverageHint, type TestResult } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { mergeTestRuns } from './merge-runs.ts';
import type { TestRun } from './run-tests.ts';

type Hint = CoverageHint['failing'];

function aRun(
  outcome: TestResult['outcome'],
  part: Partial<TestResult> = {},
  coverage?: readonly [Hint, Hint],
): TestRun {
  const result: TestResult = {
    kind: 'test_result',
    runner: 'node-test',
    command: ['node', '--test', outcome],
    outcome,
    exitCode: outcome === 'passed' ? 0 : 1,
    durationMs: 5,
    cases: [],
    flaky: [],
    log: `log of ${outcome}`,
    ...part,
  };
  const [failing = [], passing = []] = coverage ?? [];
  const hint: CoverageHint = { kind: 'coverage_hint', failing, passing };
  return { result, toolchain: 'node', ...(coverage === undefined ? {} : { coverage: hint }) };
}

const covered = (name: string): Hint => [{ test: name, covered: [{ file: `${name}.js`, lines: [1] }] }];

test('one run stays as it is', () => {
  const run = aRun('failed', { reason: 'why' }, [covered('a'), covered('b')]);
  expect(mergeTestRuns([run])).toEqual({ result: run.result, coverage: run.coverage });
});

test.each<[worst: TestResult['outcome'], ...others: TestResult['outcome'][]]>([
  ['passed', 'no_tests'],
  ['failed', 'passed', 'no_tests'],
  ['timeout', 'failed', 'passed'],
  ['error', 'timeout', 'failed'],
  ['no_tests', 'no_tests'],
])('%s is worse than %s, in any order', (worst, ...others) => {
  const outcomes = [worst, ...others];
  for (const order of [outcomes, outcomes.toReversed()]) {
    const { result } = mergeTestRuns(order.map((outcome) => aRun(outcome)));
    expect(result).toMatchObject({ outcome: worst, command: ['node', '--test', worst] });
    expect(result.exitCode).toBe(worst === 'passed' ? 0 : 1);
  }
});

test('cases and flaky ids of all suites stand in order, durations add up, logs follow each other', () => {
  const aCase = (id: string) => ({ id, title: id, status: 'passed' as const });
  const { result } = mergeTestRuns([
    aRun('passed', { cases: [aCase('b'), aCase('d')], flaky: ['d'], durationMs: 2 }),
    aRun('failed', { cases: [aCase('a'), aCase('c')], flaky: ['a'], durationMs: 3 }),
  ]);
  expect(result.cases.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  expect(result).toMatchObject({ flaky: ['a', 'd'], durationMs: 5, log: 'log of passed\nlog of failed' });
  expect(testResultSchema.parse(result)).toEqual(result);
});

test('coverage of all suites is one hint; without any there is none', () => {
  const { coverage } = mergeTestRuns([
    aRun('failed', {}, [covered('a'), covered('b')]),
    aRun('passed'),
    aRun('passed', {}, [[], covered('c')]),
  ]);
  expect(coverage?.failing.map(({ test: name }) => name)).toEqual(['a']);
  expect(coverage?.passing.map(({ test: name }) => name)).toEqual(['b', 'c']);
  expect(mergeTestRuns([aRun('passed'), aRun('failed')])).not.toHaveProperty('coverage');
});

test('nothing cannot be merged', () => {
  expect(() => mergeTestRuns([])).toThrow(RangeError);
});
