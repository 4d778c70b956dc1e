import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyEdit } from './apply-edit.ts';
import { candidateId, chooseRepair, planSearch, type Candidate, type SearchRequest } from './plan-search.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const busy =
  'function f(alpha, beta, gamma, delta) {\n  return g(alpha, beta) + g(gamma, delta) * g(alpha, delta);\n}\n';
const quiet = 'export const limit = (n) => n < 10;\n';
const sources = new Map([
  ['src/busy.js', busy],
  ['src/quiet.js', quiet],
  ['src/broken.js', 'function ('],
  ['src/quiet.test.js', quiet],
  ['notes.md', 'x < y'],
]);
const suspicious = [
  { file: 'src/busy.js', line: 2, score: 0.9, why: '' },
  { file: 'src/quiet.js', line: 1, score: 0.7, why: '' },
  { file: 'src/broken.js', line: 1, score: 0.5, why: '' },
  { file: 'src/quiet.test.js', line: 1, score: 0.9, why: '' },
  { file: 'notes.md', line: 1, score: 0.9, why: '' },
];
const request: SearchRequest = { suspicious, sources, hash, maxCandidates: 1_000 };

test('a line with many candidates does not starve the next one', () => {
  const plan = planSearch(request);
  const first = plan.candidates.findIndex((each) => each.edit.file === 'src/quiet.js');
  expect(plan.candidates.filter((each) => each.edit.file === 'src/busy.js').length).toBeGreaterThan(60);
  expect(first).toBeLessThan(12);
});

test('protected and unreadable files give no candidates; files that do not parse are named', () => {
  const plan = planSearch(request);
  expect([...new Set(plan.candidates.map((each) => each.edit.file))].toSorted()).toEqual([
    'src/busy.js',
    'src/quiet.js',
  ]);
  expect(plan.refusals).toMatchObject([{ file: 'src/broken.js', reason: 'syntax_error' }]);
});

test('scores fall, ids are unique, and the plan is the same every time, whatever the order of the sources', () => {
  const plan = planSearch(request);
  const scores = plan.candidates.map((each) => each.score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(new Set(plan.candidates.map((each) => each.id)).size).toBe(plan.candidates.length);
  const again = planSearch({ ...request, sources: new Map([...sources].toReversed()) });
  expect(JSON.stringify(again)).toBe(JSON.stringify(plan));
});

test('a smaller budget is the beginning of a larger one', () => {
  const all = planSearch(request).candidates;
  fc.assert(
    fc.property(fc.nat(200), (maxCandidates) => {
      expect(planSearch({ ...request, maxCandidates }).candidates).toEqual(all.slice(0, maxCandidates));
    }),
    { numRuns: 10 },
  );
});

test('an id names the edit alone', () => {
  const edit = { file: 'a.js', start: 1, end: 2, replacement: '<=' };
  expect(candidateId(edit, hash)).toBe(hash('["a.js",1,2,"<="]').slice(0, 16));
});

test('the repair is the smallest edit that passes, and of equals the first', () => {
  const { candidates } = planSearch(request);
  const sizes = candidates.map((each) => each.edit.size);
  const smallest = candidates.filter((each) => each.edit.size === Math.min(...sizes));
  expect(chooseRepair(candidates)).toEqual(smallest[0]);
  expect(chooseRepair([])).toBeUndefined();
});

test('an edit of the plan applies to its source', () => {
  const [best] = planSearch(request).candidates.filter((each: Candidate) => each.edit.operator === 'comparison');
  expect(best === undefined ? '' : applyEdit(quiet, best.edit)).toBe(quiet.replace('<', '<='));
});
