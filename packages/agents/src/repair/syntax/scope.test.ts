import { expect, test } from 'vitest';
import type { Language } from '../language.ts';
import { parseSource } from './parse-source.ts';
import { ScopeReader } from './scope.ts';
import { descend } from './syntax-node.ts';

/** The names visible at the identifier `here`. */
function namesAt(source: string, language: Language): readonly string[] {
  const outcome = parseSource(source, language);
  if (outcome.kind !== 'parsed') throw new Error(outcome.detail);
  const here = descend(outcome.parsed.root).find((node) => source.slice(node.start, node.end) === 'here');
  const visible = here === undefined ? [] : new ScopeReader(source, language === 'python').visibleAt(here);
  return visible.map((each) => `${each.kind} ${each.name}`);
}

test('parameters, locals, functions, classes, imports and module names are told apart, inner ones first', () => {
  const source = [
    "import first, { second as third } from './a.js';",
    'const top = 1;',
    'class Shape {}',
    'function outer({ a, b: [c] }, d = 1, ...rest) {',
    '  const local = 2;',
    '  return here;',
    '}',
  ].join('\n');
  expect(namesAt(source, 'typescript')).toEqual([
    'parameter a',
    'parameter c',
    'parameter d',
    'parameter rest',
    'local local',
    'import first',
    'import third',
    'module top',
    'class Shape',
    'function outer',
  ]);
});

test('names of other blocks, of later lines and of nested functions are not visible', () => {
  const source =
    'function f() {\n  { const gone = 1; }\n  const g = (x) => { const deep = x; };\n  h(here);\n  const later = 1;\n}\n';
  expect(namesAt(source, 'javascript')).toEqual(['function g', 'function f']);
});

test('Python binds by assignment, loop, with, except and walrus, for the whole function', () => {
  const source = [
    'import os.path, re as regex',
    'from a import b',
    'def f(p, *args, q: int = 1, **rest):',
    '    x, y = p',
    '    for i, j in x:',
    '        with open(i) as handle:',
    '            total: int = 0',
    '    return here',
  ].join('\n');
  expect(namesAt(source, 'python').toSorted()).toEqual([
    'function f',
    'import b',
    'import os',
    'import regex',
    'local handle',
    'local i',
    'local j',
    'local total',
    'local x',
    'local y',
    'parameter args',
    'parameter p',
    'parameter q',
    'parameter rest',
  ]);
});

test('a parameter with a type is its name alone', () => {
  expect(namesAt('function f(this: Window, a: number, b?: string) { return here; }\n', 'typescript')).toEqual([
    'parameter a',
    'parameter b',
    'function f',
  ]);
});
