import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyEdit, editSize } from './apply-edit.ts';

test('everything outside the edit stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.nat(), fc.nat(), (source, replacement, a, b) => {
      const [start, end] = [a % (source.length + 1), b % (source.length + 1)].toSorted((x, y) => x - y);
      const after = applyEdit(source, { start: start ?? 0, end: end ?? 0, replacement });
      expect(after).toBe(source.slice(0, start) + replacement + source.slice(end));
    }),
  );
});

test.each([
  { start: -1, end: 0 },
  { start: 2, end: 1 },
  { start: 0, end: 4 },
])('an edit that does not lie inside the source is refused', (place) => {
  expect(() => applyEdit('abc', { ...place, replacement: '' })).toThrow(RangeError);
});

test('the size counts the tokens that go and come', () => {
  expect(editSize({ before: 'if (a < b) return;', after: 'if (a <= b) return;' })).toBe(2);
});
