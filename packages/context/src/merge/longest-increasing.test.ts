import fc from 'fast-check';
import { expect, test } from 'vitest';
import { longestIncreasing } from './longest-increasing.ts';

test.each([
  [[], []],
  [[5], [0]],
  [
    [3, 1, 2, 2, 5, 4],
    [1, 3, 5],
  ],
])('of %j the places %j increase', (values, places) => {
  expect(longestIncreasing(values)).toEqual(places);
});

test('no longer one exists', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 12 }), (values) => {
      const found = longestIncreasing(values).map((place) => values[place] ?? 0);
      expect(isIncreasing(found)).toBe(true);
      expect(found).toHaveLength(longestByTrying(values));
    }),
  );
});

function isIncreasing(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0));
}

function longestByTrying([first, ...others]: readonly number[], above = -1): number {
  if (first === undefined) return 0;
  const without = longestByTrying(others, above);
  return first > above ? Math.max(without, 1 + longestByTrying(others, first)) : without;
}
