import { expect, test } from 'vitest';
import { editForm } from './edit-form.ts';
import { editOdds } from './edit-odds.ts';

test.each([
  ['i <= n', 'i < n', '<= > <'],
  ['f(goods)', 'f(subtotal)', 'name > name'],
  ['n', 'n + 1', '> + 1'],
  ['limit - 3', 'limit - 2', 'one less'],
  ["','", "', '", 'text > text'],
  ['', 'if (!order) return [];', '> many'],
])('the form of %j to %j is %j', (before, after, form) => {
  expect(editForm(before, after)).toBe(form);
});

test('an edit that was often needed has better odds than one that rarely was, and nothing has none', () => {
  const boundary = editOdds({ operator: 'comparison', form: '<= > <', role: 'condition', rank: 0 });
  const guard = editOdds({ operator: 'missing-guard', form: '> many', role: 'body', rank: 9 });
  const unheard = editOdds({ operator: 'delete-statement', form: 'never seen', role: 'nowhere', rank: 0 });
  expect(boundary).toBeGreaterThan(10 * guard);
  expect(unheard).toBeGreaterThan(0);
  expect(unheard).toBeLessThan(boundary);
});

test('the first guess of an operator has at least the odds of its late ones', () => {
  const at = (rank: number): number => editOdds({ operator: 'variable', form: 'name > name', role: 'argument', rank });
  expect(at(0)).toBeGreaterThan(at(12));
});
