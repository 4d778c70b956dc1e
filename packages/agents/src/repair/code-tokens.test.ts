import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyEdit } from './apply-edit.ts';
import { changeKey, normalisedCode, tokenDistance, tokenClasses } from './code-tokens.ts';

test('blanks between tokens do not matter, blanks inside strings do', () => {
  expect(normalisedCode('a=b +1', false)).toBe(normalisedCode('a = b + 1', false));
  expect(normalisedCode('f("a b")', false)).not.toBe(normalisedCode('f("ab")', false));
});

test('indentation matters where it means something', () => {
  expect(normalisedCode('  a\n', true)).not.toBe(normalisedCode('    a\n', true));
});

test.each([
  ['a < b', 'a <= b', 2],
  ['!a', 'a', 1],
  ['f(a, b)', 'f(b, a)', 4],
  ['a', 'a', 0],
  ['return a;', 'return a + 1;', 2],
])('from %s to %s is %i tokens', (before, after, size) => {
  expect(tokenDistance(before, after)).toBeLessThanOrEqual(size);
  expect(tokenDistance(before, after) === 0).toBe(size === 0);
});

test('the distance is symmetric and nothing is nearer than itself', () => {
  const code = fc
    .array(fc.constantFrom('a', 'b', '+', '(', ')', '"x"'), { maxLength: 12 })
    .map((words) => words.join(' '));
  fc.assert(
    fc.property(code, code, (a, b) => {
      expect(tokenDistance(a, b)).toBe(tokenDistance(b, a));
      expect(tokenDistance(a, a)).toBe(0);
    }),
  );
});

test('two changes have one key exactly when they give one text', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 });
  const changes = fc.record({ start: fc.nat(6), length: fc.nat(3), replacement: letters });
  fc.assert(
    fc.property(letters, changes, changes, (source, first, second) => {
      const [a, b] = [first, second].map(({ start, length, replacement }) => {
        const from = Math.min(start, source.length);
        return { start: from, end: Math.min(from + length, source.length), replacement };
      });
      if (a === undefined || b === undefined) return;
      expect(changeKey(source, a) === changeKey(source, b)).toBe(applyEdit(source, a) === applyEdit(source, b));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['names', 'a.c(d)', 'x.y(z)', true],
  ['whole numbers and words', 'h(1, "a b")', 'g(20, "c")', true],
  ['a name and a keyword', 'a', 'await', false],
  ['a name and a number', 'a', '1', false],
  ['single and double quotes', "'a'", '"a"', false],
  ['indentation', 'if a:\n  b', 'if a:\n    b', false],
  ['line breaks in other places', 'a\nb c', 'a b\nc', false],
])('token classes: %s', (_name, a, b, isEqual) => {
  expect(tokenClasses(a) === tokenClasses(b)).toBe(isEqual);
});

test.each(['a / b', '/x/g', '`a`', 'this.#a', '1.5', '0x1f', 'break outer', "'open"])(
  'a scan of tokens does not tell what %s is',
  (text) => {
    expect(tokenClasses(text)).toBeUndefined();
  },
);
