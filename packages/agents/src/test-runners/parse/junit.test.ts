import { expect, test } from 'vitest';
import { looksLikeJUnit, parseJUnit } from './junit.ts';

const xml = `<?xml version="1.0"?>
<testsuites>
  <testsuite name="pytest" tests="3">
    <testcase classname="tests.test_a.TestX" name="test_one" file="tests/test_a.py" line="4" time="0.25"/>
    <testcase classname="tests.test_a.TestX" name="says &quot;hi&quot; &#252;">
      <failure message="assert 1 == 2">Traceback
  File &quot;/w/a.py&quot;, line 3, in f</failure>
    </testcase>
    <testcase name="later"><skipped/></testcase>
  </testsuite>
</testsuites>`;

test('cases carry class, place, duration, status and failure text', () => {
  const report = parseJUnit(`building...\n${xml}\ndone`);
  expect(report.isComplete).toBe(true);
  expect(report.cases).toEqual([
    {
      kind: 'case',
      titles: ['tests.test_a.TestX', 'test_one'],
      status: 'passed',
      file: 'tests/test_a.py',
      line: 4,
      durationMs: 250,
    },
    {
      kind: 'case',
      titles: ['tests.test_a.TestX', 'says "hi" ü'],
      status: 'failed',
      error: { message: 'assert 1 == 2', stack: 'Traceback\n  File "/w/a.py", line 3, in f' },
    },
    { kind: 'case', titles: ['pytest', 'later'], status: 'skipped' },
  ]);
});

test.each([60, 200, 300, 400])(
  'a report cut at %i characters keeps the cases before the cut and says what is broken',
  (length) => {
    const report = parseJUnit(xml.slice(0, length));
    expect(report.isComplete).toBe(false);
    expect(report.problem).toMatch(/^the JUnit XML is broken: /);
  },
);

test('an entity that is declared by the document is not expanded', () => {
  const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>';
  expect(parseJUnit(bomb).problem).toMatch(/undefined entity/);
});

test('other XML and prose are not JUnit', () => {
  expect(looksLikeJUnit('<html></html>')).toBe(false);
  expect(looksLikeJUnit('testsuite')).toBe(false);
});
