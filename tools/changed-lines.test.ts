import { expect, test } from 'vitest';
import { verifies } from '../e2e/verifies.ts';
import { type CoverageFile, changedLines, coverageOfChanges, isEnough } from './changed-lines.ts';

const DIFF = `diff --git a/packages/core/src/a.ts b/packages/core/src/a.ts
--- a/packages/core/src/a.ts
+++ b/packages/core/src/a.ts
@@ -3 +3,2 @@ export function f() {
+one
+two
@@ -9,4 +10,0 @@
@@ -20,0 +17 @@
+three
`;

/** Statements on the given lines, with how often each ran. */
function aFile(runs: Readonly<Record<number, number>>): CoverageFile[string] {
  const lines = Object.entries(runs);
  return {
    statementMap: Object.fromEntries(lines.map(([line], id) => [String(id), { start: { line: Number(line) } }])),
    s: Object.fromEntries(lines.map(([, count], id) => [String(id), count])),
  };
}

test('a diff names the lines that it adds, not those that it removes', () => {
  expect([...changedLines(DIFF)]).toEqual([['packages/core/src/a.ts', [3, 4, 17]]]);
});

test('only changed lines on which a statement starts are judged', () => {
  const coverage = { 'packages/core/src/a.ts': aFile({ 3: 2, 5: 0, 17: 0 }) };
  expect(coverageOfChanges(changedLines(DIFF), coverage)).toEqual({
    changed: 2,
    covered: 1,
    uncovered: ['packages/core/src/a.ts:17'],
  });
});

test('four of five changed lines are enough, three of four are not', () => {
  verifies('V-71');
  expect(isEnough({ changed: 5, covered: 4, uncovered: ['a:1'] })).toBe(true);
  expect(isEnough({ changed: 4, covered: 3, uncovered: ['a:1'] })).toBe(false);
  expect(isEnough({ changed: 0, covered: 0, uncovered: [] })).toBe(true);
});

test('a file that is not measured asks for nothing', () => {
  expect(coverageOfChanges(changedLines(DIFF), {}).changed).toBe(0);
});
