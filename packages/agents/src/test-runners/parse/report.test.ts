import { expect, test } from 'vitest';
import { parseReportLines } from './report.ts';

const passed = '{"kind":"case","titles":["a"],"status":"passed"}';

test('a report that stops in the middle of a line keeps what came before', () => {
  const report = parseReportLines(`{"kind":"start","root":"/w"}\n${passed}\n{"kind":"case","titles":["b"],"sta`);
  expect(report).toMatchObject({ root: '/w', isComplete: false });
  expect(report.cases).toHaveLength(1);
});

test('lines that are not ours are left out', () => {
  const report = parseReportLines(`noise\n{"kind":"case","titles":"x"}\n{"kind":"other"}\n${passed}\n{"kind":"end"}\n`);
  expect(report.cases.map(({ titles }) => titles)).toEqual([['a']]);
  expect(report.isComplete).toBe(true);
});

test('a later record of the same serial corrects the earlier one', () => {
  const record = (serial: number, status: string) =>
    `${JSON.stringify({ kind: 'case', serial, titles: [`test ${serial}`], status })}\n`;
  const report = parseReportLines(
    `${record(1, 'passed')}${record(2, 'passed')}${record(1, 'failed')}${passed}\n${passed}`,
  );
  expect(report.cases.map(({ titles, status }) => [titles[0], status])).toEqual([
    ['test 1', 'failed'],
    ['test 2', 'passed'],
    ['a', 'passed'],
    ['a', 'passed'],
  ]);
});
