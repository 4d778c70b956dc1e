import fc from 'fast-check';
import { expect, test } from 'vitest';
import { median, quantile, roundFigure, spreadOf } from './statistics.ts';

const numbers = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 });

test('the median is the middle, or between the middle two', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBe(0);
});

test('a quantile is one of the numbers, and at least its share of them does not exceed it', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(numbers, share, (all, q) => {
      const found = quantile(all, q);
      expect(all).toContain(found);
      expect(all.filter((number) => number <= found).length).toBeGreaterThanOrEqual(Math.floor(all.length * q));
    }),
  );
});

test('the median lies between the least and the most, in whatever order the numbers come', () => {
  fc.assert(
    fc.property(numbers, (all) => {
      const { median: middle, min, max } = spreadOf(all);
      expect(min).toBeLessThanOrEqual(middle);
      expect(middle).toBeLessThanOrEqual(max);
      expect(spreadOf(all.toReversed())).toEqual({ median: middle, min, max });
    }),
  );
});

test('no numbers have no spread', () => {
  expect(() => spreadOf([])).toThrow(RangeError);
});

test('a figure has three digits', () => {
  expect(roundFigure(12_345.678)).toBe(12_300);
  expect(roundFigure(0.012_345)).toBe(0.0123);
});
