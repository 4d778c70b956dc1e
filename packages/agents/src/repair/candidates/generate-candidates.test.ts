import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyEdit, type Edit } from '../apply-edit.ts';
import type { Language } from '../language.ts';
import { parseSource } from '../syntax/parse-source.ts';
import { generateCandidates, type LineSelection } from './generate-candidates.ts';

const editsOf = (source: string, lines: LineSelection, language: Language = 'javascript'): readonly Edit[] => {
  const outcome = generateCandidates({ file: 'a', source, language, lines });
  if (outcome.kind === 'refused') throw new Error(`${outcome.reason}: ${outcome.detail}`);
  return outcome.edits;
};

const textsOf = (source: string, lines: LineSelection, language: Language = 'javascript'): readonly string[] =>
  editsOf(source, lines, language).map((edit) => applyEdit(source, edit));

const everyLine = (source: string): LineSelection => ({ first: 1, last: source.split('\n').length });

test('a file that does not parse gives a reason and no candidates', () => {
  const request = { file: 'a', lines: [1] } as const;
  const script = generateCandidates({ ...request, source: 'function f( {', language: 'javascript' });
  const python = generateCandidates({ ...request, source: 'def f(:\n  pass\n', language: 'python' });
  expect([script, python]).toMatchObject([
    { kind: 'refused', reason: 'syntax_error' },
    { kind: 'refused', reason: 'syntax_error' },
  ]);
});

test('lines of minified code are refused, the others of the file are not', () => {
  const source = `const long = [${'1 + 2, '.repeat(400)}];\nconst short = 1 < 2;\n`;
  expect(generateCandidates({ file: 'a', source, language: 'javascript', lines: [1] })).toMatchObject({
    reason: 'minified',
  });
  expect(textsOf(source, [1, 2])).toContain(source.replace('1 < 2', '1 <= 2'));
});

test('lines outside the file give nothing', () => {
  expect(editsOf('const a = 1;\n', [0, 99, -1, 1.5])).toEqual([]);
});

test('offsets are right after emoji, accents and a byte order mark', () => {
  const script = '\uFEFFconst 名前 = "👩‍👩‍👧é";\nconst größe = a < b; // 😀\n';
  const python = '\uFEFF# 😀 é\ngröße = "😀" if a < b else "é"\n';
  expect(textsOf(script, [2])).toContain(script.replace('<', '<='));
  expect(textsOf(python, [2], 'python')).toContain(python.replace('<', '<='));
});

test('a name with letters beyond ASCII is replaced as a whole', () => {
  const source = 'function f(größe, grösse) {\n  return größe;\n}\n';
  expect(textsOf(source, [2])).toContain(source.replace('return größe', 'return grösse'));
});

test('CRLF and tabs survive, also in statements that are put in', () => {
  const script = 'function f(a) {\r\n\tg(a.b);\r\n}\r\n';
  const python = 'def f(a):\r\n\tg(a.b)\r\n';
  expect(textsOf(script, [2])).toContain('function f(a) {\r\n\tif (!a) return;\r\n\tg(a.b);\r\n}\r\n');
  expect(textsOf(python, [2], 'python')).toContain('def f(a):\r\n\tif not a:\r\n\t\treturn\r\n\tg(a.b)\r\n');
});

test('comments, imports, types and the inside of strings are left alone', () => {
  const source = [
    "import { a, b } from './c.js';",
    'type Pair = { a: 1; b: 2 };',
    'const x: 1 | 2 = 1; // a < b',
    'interface Shape { readonly size: 3 }',
    '',
  ].join('\n');
  const changed = textsOf(source, everyLine(source), 'typescript').map((text) => text.split('\n'));
  expect(changed.every((lines) => lines[0] === source.split('\n')[0] && lines[1] === source.split('\n')[1])).toBe(true);
  expect(
    changed.every((lines) => lines[2]?.startsWith('const x: 1 | 2 =') === true && lines[2].endsWith('// a < b')),
  ).toBe(true);
  expect(changed.every((lines) => lines[3] === source.split('\n')[3])).toBe(true);
});

test('only the chosen lines change', () => {
  const source = 'let a = 1;\nlet b = a < 2;\nlet c = a + b;\n';
  const changed = textsOf(source, [2]).map((text) => text.split('\n'));
  expect(changed.length).toBeGreaterThan(5);
  expect(changed.every((lines) => lines[0] === 'let a = 1;' && lines.at(-2) === 'let c = a + b;')).toBe(true);
});

test('await is offered only where it may stand', () => {
  const waiting = 'async function f(a) {\n  g(a);\n}\n';
  const plain = 'function f(a) {\n  g(a);\n}\n';
  expect(textsOf(waiting, [2])).toContain(waiting.replace('g(a)', 'await g(a)'));
  expect(textsOf(plain, [2]).some((text) => text.includes('await'))).toBe(false);
});

test.each<readonly [string, Language, string, string, string]>([
  ['decorators', 'typescript', 'class A {\n  @log() run(n: number) { return n < 1; }\n}\n', '<', '<='],
  ['private fields', 'javascript', 'class A {\n  #n = 0; has() { return this.#n < 1; }\n}\n', '<', '<='],
  ['JSX', 'javascript', 'const A = ({ n }) => (\n  <b>{n < 1 ? "a" : null}</b>\n);\n', '< 1', '<= 1'],
  ['CommonJS', 'javascript', "'use strict';\nif (a) return;\nmodule.exports = { n: 1 < 2 };\n", '1 < 2', '1 <= 2'],
  ['sloppy scripts', 'javascript', 'with (a) {\n  b = c < d;\n}\n', '<', '<='],
  ['top-level await', 'javascript', 'const a = await b(1);\nexport const c = a < 2;\n', '<', '<='],
  ['generators', 'javascript', 'function* f(a) {\n  const b = yield a < 1;\n}\n', '<', '<='],
  ['optional chains', 'javascript', 'const a =\n  b?.c?.(d < 1);\n', '<', '<='],
  ['async Python', 'python', 'async def f(a):\n    async with a as b:\n        return await b.c(1 < 2)\n', '<', '<='],
  ['match statements', 'python', 'match a:\n    case 1:\n        b = c < d\n', '<', '<='],
  ['decorated Python', 'python', '@dec(1)\ndef f(a):\n    return a < 1\n', '<', '<='],
  ['f-strings', 'python', 'a = 1\nb = f"{a < 2:>{a}} x"\n', 'a <', 'a <='],
  ['walrus and lambda', 'python', 'if (n := f(1)) < 2: g(lambda x: x)\n', '<', '<='],
])('%s are read and repaired', (_name, language, source, from, to) => {
  expect(textsOf(source, everyLine(source), language)).toContain(source.replace(from, to));
});

const scripts = [
  'a < b',
  'f(a, b)',
  'xs[i + 1]',
  '!(a && b)',
  'a ?? b',
  '`x${a}`',
  '{ k: [a, 1] }.k',
  'xs.map((x) => x * 2)',
  '"s"',
];
const script = fc.array(
  fc.constantFrom(
    ...scripts.map(
      (text) =>
        `  if (${text.replace(/^\{/, 'z && {')}) { b = ${text.startsWith('{') ? `(${text})` : text}; return a; }`,
    ),
  ),
  { minLength: 1, maxLength: 4 },
);
const pythons = [
  'a < b',
  'f(a, b)',
  'xs[i + 1:]',
  'not (a and b)',
  'a if b else 1',
  'f"{a}"',
  '{"k": [a, 1]}',
  '[x * 2 for x in xs if x]',
  '"s"',
];
const python = fc.array(
  fc.constantFrom(...pythons.map((text) => `    while ${text}:\n        b = ${text}\n        break`)),
  { minLength: 1, maxLength: 4 },
);

test.each<readonly [Language, fc.Arbitrary<string>]>([
  ['typescript', script.map((lines) => `function g(a, b, xs, i) {\n${lines.join('\n')}\n}\n`)],
  ['python', python.map((lines) => `def g(a, b, xs, i):\n${lines.join('\n')}\n`)],
])('every candidate in %s parses as a whole file, differs from the source and from all others', (language, sources) => {
  fc.assert(
    fc.property(sources, (source) => {
      const texts = textsOf(source, everyLine(source), language);
      expect(new Set([source, ...texts]).size).toBe(texts.length + 1);
      expect(texts.filter((text) => parseSource(text, language).kind !== 'parsed')).toEqual([]);
    }),
    { numRuns: 15 },
  );
});

test('an edit that a proven operator makes is not counted as borrowed', () => {
  const source = 'function f(a) {\n  let b = a < 1;\n  b = a <= 1;\n  return b;\n}\n';
  const made = editsOf(source, [3]).find((edit) => applyEdit(source, edit) === source.replace('a <= 1', 'a < 1'));
  expect(made?.operator).toBe('comparison');
});

test('equal inputs give equal candidates', () => {
  const source = 'function f(a, b) {\n  return a.c < b ? [a, 1] : g(b);\n}\n';
  expect(JSON.stringify(editsOf(source, [2]))).toBe(JSON.stringify(editsOf(source, [2])));
});

test.each<readonly [Language, string]>([
  [
    'javascript',
    'function f(a, b) {\n  if (a < b) {\n    b = Math.max(a, b - 1);\n  }\n  return a;\n}\n\nconst t = f(1, 2);\n',
  ],
  ['python', 'def f(a, b):\n    if a < b:\n        b = max(a, b - 1)\n    t = [a, b]\n    return a\n\n\nt = f(1, 2)\n'],
])('a %s file of 20,000 lines costs what its suspicious lines cost', (language, block) => {
  const source = block.repeat(2_500);
  const started = performance.now();
  const edits = editsOf(source, [10_002, 10_003], language);
  expect(edits.length).toBeGreaterThan(20);
  expect(performance.now() - started).toBeLessThan(5_000);
});
