import { expect, it } from 'vitest';
import { findMutations, isSound } from '../bench/planting/find-mutations.ts';
import { applyEdit, insideGrammar, outsideGrammar, type OperatorName } from '../bench/planting/mutation.ts';
import { readTally } from '../bench/planting/run-suite.ts';
import { corpus } from '../bench/repair/corpus.ts';
import { assignOperators } from '../bench/repair/plant.ts';

type Cases = Readonly<Partial<Record<OperatorName, readonly [before: string, after: string]>>>;

const javascriptCases: Cases = {
  comparison: ['a < b;', 'a <= b;'],
  arithmetic: ['x = a - 1;', 'x = a + 1;'],
  logical: ['a ?? b;', 'a || b;'],
  negation: ['if (!a) b();', 'if (a) b();'],
  constant: ['f(0);', 'f(1);'],
  'wrong-variable': ['function f(a, b) { return a.x; }', 'function f(a, b) { return b.x; }'],
  'swapped-arguments': ['f(a, b);', 'f(b, a);'],
  'missing-await': ['async () => { await f(); };', 'async () => { f(); };'],
  'missing-guard': ['() => {\n  if (a) return;\n  b();\n};', '() => {\n  b();\n};'],
  'missing-statement': ['() => {\n  a();\n  return b;\n};', '() => {\n  return b;\n};'],
  'other-method': ['a.slice(1);', 'a.substr(1);'],
  'dropped-call': ['b = a.trim();', 'b = a;'],
  'regular-expression': ['/^a/;', '/a/;'],
  'swapped-statements': ['() => { a(); b(); };', '() => { b(); a(); };'],
  'sub-expression': ['a && b;', 'a;'],
  'iteration-order': ['for (let i = 0; i < n; i++) f(i);', 'for (let i = n - 1; i >= 0; i--) f(i);'],
};

const pythonCases: Cases = {
  comparison: ['a < b\n', 'a <= b\n'],
  arithmetic: ['x = a - 1\n', 'x = a + 1\n'],
  logical: ['a and b\n', 'a or b\n'],
  negation: ['x = not a\n', 'x = a\n'],
  constant: ['f(0)\n', 'f(1)\n'],
  'wrong-variable': ['def f(a, b):\n    return a + 1\n', 'def f(a, b):\n    return b + 1\n'],
  'swapped-arguments': ['f(a, b)\n', 'f(b, a)\n'],
  'missing-await': ['async def f():\n    await g()\n', 'async def f():\n    g()\n'],
  'missing-guard': ['def f():\n    if a:\n        return\n    b()\n', 'def f():\n    b()\n'],
  'missing-statement': ['def f():\n    a()\n    return b\n', 'def f():\n    return b\n'],
  'other-method': ['a.find(1)\n', 'a.rfind(1)\n'],
  'dropped-call': ['b = a.strip()\n', 'b = a\n'],
  'regular-expression': ["re.compile(r'^a')\n", "re.compile(r'a')\n"],
  'swapped-statements': ['def f():\n    a()\n    b()\n', 'def f():\n    b()\n    a()\n'],
  'sub-expression': ['x = a if c else b\n', 'x = a\n'],
  'iteration-order': ['for a in b:\n    f(a)\n', 'for a in reversed(list(b)):\n    f(a)\n'],
};

const operators = [...insideGrammar, ...outsideGrammar];

it.each(operators)('%s makes its slip in JavaScript', (operator) =>
  expectSlip('example.js', operator, javascriptCases),
);

it.each(operators)('%s makes its slip in Python', (operator) => expectSlip('example.py', operator, pythonCases));

function expectSlip(file: string, operator: OperatorName, cases: Cases): void {
  const [before = '', after] = cases[operator] ?? [];
  const first = findMutations(file, before, [operator]).get(operator)?.[0];
  expect(first && applyEdit(before, first)).toBe(after);
  expect(first && isSound(first, before)).toBe(true);
}

it.each([
  ['node:test', '# tests 3\n# pass 2\n# fail 1\n', { passed: 2, failed: 1 }],
  ['tape', '1..4\n# tests 4\n# pass  3\n# fail  1\n', { passed: 3, failed: 1 }],
  ['mocha', '\n  12 passing (9ms)\n  2 failing\n', { passed: 12, failed: 2 }],
  ['vitest', '      Tests  2 failed | 26 passed (28)\n', { passed: 26, failed: 2 }],
  ['unittest', 'Ran 25 tests in 0.001s\n\nFAILED (failures=1, errors=2)\n', { passed: 22, failed: 3 }],
])('reads the count that %s prints', (_, output, tally) => {
  expect(readTally(output)).toEqual(tally);
});

it('the seed alone decides which package gets which family of operators', () => {
  const assigned = assignOperators(corpus.seed);
  expect(assignOperators(corpus.seed)).toEqual(assigned);
  const outside = assigned.filter(({ operators: order }) => outsideGrammar.some((name) => name === order[0]));
  expect([assigned.length, outside.length]).toEqual([10, corpus.outsideGrammar]);
});
