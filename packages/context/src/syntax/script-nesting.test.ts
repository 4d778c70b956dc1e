import { expect, test } from 'vitest';
import { nestingOf } from './script-nesting.ts';

test.each([
  ['', 0],
  ['f(a, [b, { c }]);', 6],
  ['a ? b : c ? d : e', 4],
  ['!!!a', 3],
  ['if (a) b; else if (c) d; else e;', 5],
  ['if (a) { b; } else if (c) { d; }', 5],
  ['if (a) b; c; if (d) e;', 3],
  ['a = b; c = d, e = f;', 1],
  ['const a = 1\nconst b = 2\nconst c = 3\n', 1],
  ['f(a = b, c); g(d)', 3],
])('%j nests %d deep', (source, depth) => {
  expect(nestingOf(source)).toBe(depth);
});

test.each(['// [[[\n', '/* [[[ */', '/* [[[', "'[[['", '"[[["', "'\\'[['"])('%s nests nothing', (source) => {
  expect(nestingOf(source)).toBe(0);
});

test('what follows a comment or a string counts', () => {
  expect(nestingOf('// a\n[/* b */["c", [')).toBe(6);
  expect(nestingOf("'a [[")).toBe(4);
});

test('text that is made to be read again and again takes little time', { timeout: 10_000 }, () => {
  expect(nestingOf('/* '.repeat(30_000))).toBe(0);
  expect(nestingOf(`${"\\'".repeat(1000)}\n`.repeat(50))).toBe(0);
});
