import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IgnoreRules } from './ignore-rules.ts';

test.each(['a*', '[a]', 'a?', '!a', '#a', ' a ', 'a\\', 'a/**'])(
  'rules of a directory called %j hold there and nowhere else',
  (directory) => {
    const rules = new IgnoreRules().with(directory, 'x\n/y\n\\#z\n\\!z\n!x/keep\n');
    for (const path of ['x', 'deep/x', 'y', '#z', '!z'])
      expect(rules.ignores(`${directory}/${path}`, false)).toBe(true);
    for (const path of ['deep/y', 'z', 'xx']) expect(rules.ignores(`${directory}/${path}`, false)).toBe(false);
    for (const other of ['a', 'ab', 'b', 'a/b', '\\']) expect(rules.ignores(`${other}/x`, false)).toBe(false);
  },
);

test('line ends of Windows, a byte order mark, comments and blank lines are no part of a pattern', () => {
  const rules = new IgnoreRules().with('', '\ufeffa\r\n\r\n# b\r\n   \r\nc/\r\n');
  expect(['a', 'b', 'c', ' '].map((path) => rules.ignores(path, true))).toEqual([true, false, true, false]);
  expect(rules.ignores('c', false)).toBe(false);
});

test('no file breaks the rules', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'a*?[]!-^\\/# \n'.split('')) }),
  );
  fc.assert(
    fc.property(text, fc.constantFrom('', 'a', 'b/[c]'), (file, directory) => {
      expect(() => new IgnoreRules().with(directory, file).ignores('a/b', false)).not.toThrow();
    }),
    { numRuns: 1000 },
  );
});
