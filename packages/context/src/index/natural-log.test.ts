import fc from 'fast-check';
import { expect, test } from 'vitest';
import { naturalLog } from './natural-log.ts';

test('is within an ulp or two of the engine’s own logarithm', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (value) => {
      const expected = Math.log(value);
      expect(Math.abs(naturalLog(value) - expected)).toBeLessThanOrEqual(Math.abs(expected) * 2 ** -51 + 2 ** -52);
    }),
  );
});

test('has these bits', () => {
  expect([1, 2, Math.E, 10, 1.5, 100_001 / 3].map((value) => naturalLog(value))).toEqual([
    0, 0.6931471805599453, 1, 2.302585092994046, 0.4054651081081644, 10.414323176252118,
  ]);
});

test.each([0, -1, Infinity, NaN, 5e-324])('%s has none', (value) => {
  expect(() => naturalLog(value)).toThrow(RangeError);
});
