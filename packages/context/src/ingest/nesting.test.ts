import { expect, test } from 'vitest';
import { deepestNesting } from './nesting.ts';

test.each([
  ['plain code', 'const a = 1;\nfunction b() { return [a, c(a)]; }\n', 4],
  ['brackets', 'x=[[[1]]]', 4],
  ['signs before a value', 'x=!!!!1', 5],
  ['arrows', 'a=>b=>c=>1', 6],
  ['conditions', 'a?b:c?d:1', 4],
  ['else if', 'if(a){}else if(b){}else if(c){}', 6],
])('of %s is counted', (_, text, deepest) => {
  expect(deepestNesting(text)).toBe(deepest);
});

test('what stands beside each other is not inside each other', () => {
  expect(deepestNesting('f(a => 1, b => 2, c => 3);'.repeat(500))).toBe(3);
  expect(deepestNesting('const a = -1;\n'.repeat(500))).toBe(2);
});

test('comments and strings hold nothing', () => {
  expect(deepestNesting(`// ((((\n/* [[[[ */ "{{{{" '((((' 'it\\'s ((('`)).toBe(0);
});

test('a comment without end is read once', () => {
  expect(deepestNesting('/*a'.repeat(300_000))).toBe(0);
});
