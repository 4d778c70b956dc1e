import { expect, test } from 'vitest';
import { looksLikeTap, parseTap } from './tap.ts';

test('nested subtests become titles, and a suite that only sums them up is no case', () => {
  const report = parseTap(`TAP version 14
# Subtest: outer
    # Subtest: inner
        ok 1 - first
        not ok 2 - second # TODO someday
        1..2
    ok 1 - inner
    1..1
ok 1 - outer
not ok 2 - alone
1..2
`);
  expect(report.isComplete).toBe(true);
  expect(report.cases.map(({ titles, status }) => [titles.join(' > '), status])).toEqual([
    ['outer > inner > first', 'passed'],
    ['outer > inner > second', 'skipped'],
    ['alone', 'failed'],
  ]);
});

test('the diagnostic of a failure gives place, values and message', () => {
  const { cases } = parseTap(`not ok 1 - adds
  ---
  duration_ms: 1.5
  location: '/work/test/a.test.js:3:1'
  error: 'it''s wrong'
  expected: 1
  actual: |-
    two
    lines
  ...
1..1
`);
  expect(cases[0]).toMatchObject({
    file: '/work/test/a.test.js',
    line: 3,
    durationMs: 1.5,
    error: { message: "it's wrong", expected: '1', actual: 'two\nlines' },
  });
});

test("tape's diagnostic is read: deeper indented, its place in brackets, its stack a block", () => {
  const { cases } = parseTap(`TAP version 13
# multi
not ok 1 multi
  ---
    operator: deepEqual
    expected: |-
      [ 'a', 'b' ]
    actual: |-
      [ 'a' ]
    at: Test.<anonymous> (/work/test/parse.js:12:4)
    stack: |-
      Error: multi
          at Test.<anonymous> (/work/test/parse.js:12:4)
  ...

1..1
`);
  expect(cases[0]).toMatchObject({
    titles: ['multi'],
    failedIn: '/work/test/parse.js',
    error: { message: 'deepEqual', expected: "[ 'a', 'b' ]", actual: "[ 'a' ]" },
  });
  expect(cases[0]).not.toHaveProperty('file');
  expect(cases[0]?.error?.stack).toContain('at Test.<anonymous> (/work/test/parse.js:12:4)');
});

test('an escaped hash belongs to the title and a directive does not', () => {
  const { cases } = parseTap('ok 1 - issue \\#12 # SKIP not on Linux\n1..1\n');
  expect(cases[0]).toMatchObject({ titles: ['issue #12'], status: 'skipped' });
});

test('fewer tests than planned, a bail-out and a missing plan are problems with the cases kept', () => {
  expect(parseTap('1..3\nok 1 - a\n')).toMatchObject({
    isComplete: false,
    problem: 'the TAP plan promised 3 tests, 1 were reported',
    cases: [{ titles: ['a'] }],
  });
  expect(parseTap('1..3\nok 1 - a\nBail out! no database\n')).toMatchObject({
    isComplete: false,
    problem: 'bail out: no database',
  });
  expect(parseTap('ok 1 - a\n')).toMatchObject({ isComplete: false, problem: 'the TAP output has no plan' });
});

test('a program that says ok is not TAP', () => {
  expect(looksLikeTap('ok\nall fine\n')).toBe(false);
  expect(looksLikeTap('noise\n1..1\nok 1\n')).toBe(true);
});

test('a megabyte cut in the middle of a diagnostic is read up to the cut', () => {
  const text = `1..30000\n${Array.from({ length: 30_000 }, (_, index) => `ok ${index + 1} - case ${index}\n  ---\n  duration_ms: 1\n  ...\n`).join('')}`;
  const report = parseTap(text.slice(0, 1_000_000 - 7));
  expect(report.isComplete).toBe(false);
  expect(report.cases.length).toBeGreaterThan(15_000);
});
