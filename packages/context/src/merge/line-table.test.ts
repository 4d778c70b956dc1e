import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesOf, splitLines, tabulate, TEXT_LIMITS } from './line-table.ts';

test.each([
  ['', []],
  ['a', ['a']],
  ['a\n', ['a\n']],
  ['\n\n', ['\n', '\n']],
  ['a\r\nb\nc\rd', ['a\r\n', 'b\n', 'c\rd']],
])('a line keeps what ends it: %j', (text, lines) => {
  expect(splitLines(text)).toEqual(lines);
});

test('the lines of a text, joined, are the text, whatever it holds', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\ud800', '\udc00', '\u0000', '\u2028') });
  fc.assert(
    fc.property(text, fc.string({ unit: 'binary' }), (some, other) => {
      const table = tabulate([some, other]);
      expect(table.texts.map((numbers) => linesOf(table, numbers).join(''))).toEqual([some, other]);
    }),
  );
});

test('equal lines have one number, across texts', () => {
  expect(tabulate(['a\nb\na\n', 'b\na']).texts).toEqual([
    [0, 1, 0],
    [1, 2],
  ]);
});

test('long lines differ where one character does, also one that is half of a pair', () => {
  const long = 'x'.repeat(20_000);
  expect(tabulate([`${long}\ud800\n${long}\ud801\n${long}\ud800\n`]).texts).toEqual([[0, 1, 0]]);
});

test('thousands of long lines of one length are told apart in little time', { timeout: 5000 }, () => {
  const text = (side: string): string =>
    Array.from({ length: 3000 }, (_, index) => `${'x'.repeat(16_400)}${index + 10_000}${side}\n`).join('');
  expect(tabulate([text('a'), text('b'), text('c')]).lines).toHaveLength(9000);
});

test('a text beyond the limits is refused, and one at the limit is not', () => {
  const { lines, characters } = TEXT_LIMITS;
  const reason = 'payload_too_large/text';
  expect(() => tabulate(['', '\n'.repeat(lines + 1)])).toThrow(expect.objectContaining({ reason }));
  expect(() => tabulate(['', 'x'.repeat(characters + 1)])).toThrow(/50000001 characters, at most 50000000$/);
  expect(tabulate(['\n'.repeat(lines)]).lines).toEqual(['\n']);
});
