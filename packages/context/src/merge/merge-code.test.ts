import { expect, test } from 'vitest';
import { mergeCode } from './merge-code.ts';
import { PARSE_LIMITS } from './script-problems.ts';

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
const base = lines('const a = 1;', '', 'function f() {', '  return a;', '}', '', 'export { f };');

/** One side takes the condition away, the other one gives it an `else`. */
const broken = {
  base: lines('if (a) {', 'b();', 'c();', '}'),
  ours: lines('{', 'b();', 'c();', '}'),
  theirs: lines('if (a) {', 'b();', 'c();', '} else {', 'd();', '}'),
};

/** Both sides declare the same name, in places that do not touch. */
const declaredTwice = { base, ours: `let b;\n${base}`, theirs: `${base}let b;\n` };

test('code of both sides that parses together says so', () => {
  const ours = base.replace('const a = 1', 'const a = 2');
  const theirs = base.replace('export { f }', 'export { f as g }');
  const merged = mergeCode({ path: 'src/f.ts', base, ours, theirs });
  expect(merged).toMatchObject({ conflicts: 0, added: 2, removed: 2, syntax: { kind: 'parses' } });
});

test.each(['a.js', 'a.jsx', 'a.mjs', 'a.cjs', 'a.ts', 'a.tsx', 'a.mts', 'a.cts', 'B.JS'])(
  'in %s, sides that parse and a clean merge that does not are flagged with the words of the parser and the line',
  (path) => {
    expect(mergeCode({ path, ...broken })).toMatchObject({
      conflicts: 0,
      syntax: { kind: 'flagged', flagged: 'does_not_parse', message: 'Unexpected token', line: 4 },
    });
  },
);

test('so are the markers of a conflict', () => {
  const merged = mergeCode({ path: 'a.ts', base: 'let a;\n', ours: 'let b;\n', theirs: 'let c;\n' });
  expect(merged).toMatchObject({
    conflicts: 1,
    syntax: { kind: 'flagged', flagged: 'does_not_parse', message: 'Encountered diff marker' },
  });
});

test('a name that both sides declare is a clash, where it is declared again', () => {
  expect(mergeCode({ path: 'a.ts', ...declaredTwice }).syntax).toEqual({
    kind: 'flagged',
    flagged: 'clashes',
    message: 'Identifier `b` has already been declared',
    line: 9,
  });
});

test('a clash that a side has already is not the fault of the merge, a further one is', () => {
  const known = `${base}let a;\n`;
  const merged = mergeCode({ path: 'a.ts', base: known, ours: `let c;\n${known}`, theirs: known });
  expect(merged.syntax).toEqual({ kind: 'parses' });
  const further = mergeCode({ path: 'a.ts', base: known, ours: `let c;\n${known}`, theirs: `${known}let c;\n` });
  expect(further.syntax).toMatchObject({ flagged: 'clashes', message: expect.stringContaining('`c`') });
});

test('a clash is found in a file that is CommonJS alone', () => {
  const sloppy = lines('let await = 1;');
  const merged = mergeCode({ path: 'a.js', base: sloppy, ours: `let b;\n${sloppy}`, theirs: `${sloppy}let b;\n` });
  expect(merged.syntax).toMatchObject({ flagged: 'clashes', line: 3 });
});

test('overloads, merged declarations and code for CommonJS alone are no clash', () => {
  const typed = lines(
    'interface A { a: 1 }',
    'interface A { b: 2 }',
    'function f(a: 1): void;',
    'function f(a: any) {}',
  );
  expect(mergeCode({ path: 'a.ts', base: typed, ours: typed, theirs: typed }).syntax).toEqual({ kind: 'parses' });
  const sloppy = lines('if (a) return;', 'with (b) c;');
  expect(mergeCode({ path: 'a.js', base: sloppy, ours: sloppy, theirs: sloppy }).syntax).toEqual({ kind: 'parses' });
});

test('JSX is read where the name allows it, types where it is TypeScript', () => {
  const syntaxOf = (path: string, source: string) =>
    mergeCode({ path, base: source, ours: source, theirs: source }).syntax.kind;
  expect(['a.js', 'a.tsx', 'a.ts'].map((path) => syntaxOf(path, 'f(<a/>);\n'))).toEqual([
    ...['parses', 'parses', 'not_parsed'],
  ]);
  expect(['a.ts', 'a.js'].map((path) => syntaxOf(path, 'let a: 1;\n'))).toEqual(['parses', 'not_parsed']);
  expect(['a.d.ts', 'a.ts'].map((path) => syntaxOf(path, 'export const a: 1;\n'))).toEqual(['parses', 'not_parsed']);
});

test.each(['a.py', 'ts', 'a.tsv', 'a.ts.txt', ''])('%j is merged, and says that it was not parsed', (path) => {
  expect(mergeCode({ path, ...broken })).toMatchObject({
    conflicts: 0,
    syntax: { kind: 'not_parsed', because: 'other_language' },
  });
});

test('when a side does not parse, the merge is not blamed for it', () => {
  const merged = mergeCode({ path: 'a.js', base, ours: `(\n${base}`, theirs: `${base}let b;\n` });
  expect(merged.syntax).toEqual({ kind: 'not_parsed', because: 'side_does_not_parse' });
});

test.each([
  ['too long', '\n'.repeat(PARSE_LIMITS.characters)],
  ['too long a line', `'${'x'.repeat(PARSE_LIMITS.lineLength)}'\n`],
  ['too deep, which would end the process', `${'[\n'.repeat(30_000)}${']'.repeat(2000)}\n`],
  ['too deep without brackets', `${'if (a);\nelse '.repeat(7000)}\n`],
])('a source that is %s is not given to the parser', (_, source) => {
  const merged = mergeCode({ path: 'a.js', base: source, ours: source, theirs: `${source}b;\n` });
  expect(merged.syntax).toEqual({ kind: 'not_parsed', because: 'beyond_limits' });
});

test('the parser has the stack for what is within the limits', () => {
  const deep = PARSE_LIMITS.nesting / 2;
  const source = `${'[\n'.repeat(deep)}${']\n'.repeat(deep)};${'!\n'.repeat(deep)}a;\n`;
  expect(mergeCode({ path: 'a.js', base: source, ours: source, theirs: source }).syntax).toEqual({ kind: 'parses' });
});

test('places are counted right behind characters of two units, and lone surrogates do no harm', () => {
  const odd = lines("'😀\ud800é';");
  const merged = mergeCode({ path: 'a.js', base: odd, ours: `let a;\n${odd}`, theirs: `${odd}let a;\n` });
  expect(merged.syntax).toMatchObject({ flagged: 'clashes', line: 3 });
});
