import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CoverageHint, TestCase, TestResult } from '@vltair/protocol';
import { verifies } from '../../../../e2e/verifies.ts';
import { isProtectedPath } from './protected-paths.ts';
import { rankLines } from './rank-lines.ts';

const sources = new Map([
  [
    'src/cart.js',
    "import { tax } from './tax.js';\n\nexport function total(items) {\n  return tax(items.length);\n}\n",
  ],
  [
    'src/tax.js',
    'export function tax(amount) {\n  return amount - 1;\n}\n\nexport function rate() {\n  return 2;\n}\n',
  ],
  ['src/unrelated.js', 'export const answer = 42;\n'],
  ['test/cart.test.js', "import { total } from '../src/cart.js';\ntest('adds', () => total([]));\n"],
  ['vitest.config.ts', 'export default {};\n'],
]);

const failingCase = (change: Partial<TestCase> = {}): TestCase => ({
  id: 'test/cart.test.js > adds',
  title: 'adds',
  file: 'test/cart.test.js',
  line: 2,
  status: 'failed',
  ...change,
});

const resultOf = (...cases: readonly TestCase[]): TestResult => ({
  kind: 'test_result',
  runner: 'node-test',
  command: ['node', '--test'],
  outcome: 'failed',
  exitCode: 1,
  durationMs: 1,
  cases: [...cases],
  flaky: [],
  log: '',
});

const filesOf = (lines: readonly { readonly file: string }[]): readonly string[] => [
  ...new Set(lines.map((each) => each.file)),
];

test('the innermost repository frame outside tests comes first', () => {
  verifies('V-35');
  const stack = [
    { file: 'test/cart.test.js', line: 2 },
    { file: 'src/tax.js', line: 2 },
    { file: 'src/cart.js', line: 4 },
  ];
  const [first, second] = rankLines({ testResult: resultOf(failingCase({ stack })), sources });
  expect(first).toMatchObject({ file: 'src/tax.js', line: 2 });
  expect(second?.score).toBeLessThan(first?.score ?? 0);
});

test('without frames and coverage, files that the failing tests import lead, nearest first', () => {
  const ranked = rankLines({ testResult: resultOf(failingCase()), sources });
  expect(filesOf(ranked)).toEqual(['src/cart.js', 'src/tax.js', 'src/unrelated.js']);
});

test('a line that only failing tests run outranks one that all tests run', () => {
  const coverage: CoverageHint = {
    kind: 'coverage_hint',
    failing: [{ test: 'a', covered: [{ file: 'src/tax.js', lines: [1, 2, 6] }] }],
    passing: [{ test: 'b', covered: [{ file: 'src/tax.js', lines: [1, 5, 6] }] }],
  };
  const ranked = rankLines({ testResult: resultOf(failingCase()), coverage, sources });
  expect(ranked[0]).toMatchObject({ file: 'src/tax.js', line: 2 });
});

test('blank lines, imports, comments and closing brackets are no suspects', () => {
  const ranked = rankLines({ testResult: resultOf(failingCase()), sources });
  expect(ranked.filter((each) => each.file === 'src/cart.js').map((each) => each.line)).toEqual([3, 4]);
});

test('Python imports lead to modules, packages and relative modules', () => {
  const python = new Map([
    ['shop/__init__.py', ''],
    ['shop/cart.py', 'from .tax import rate\nfrom . import text\nTOTAL = rate\n'],
    ['shop/tax.py', 'rate = 2\n'],
    ['shop/text.py', 'name = "x"\n'],
    ['other.py', 'value = 1\n'],
    ['tests/test_cart.py', 'from shop import cart\n'],
  ]);
  const ranked = rankLines({ testResult: resultOf(failingCase({ file: 'tests/test_cart.py' })), sources: python });
  expect(filesOf(ranked)).toEqual(['shop/cart.py', 'shop/tax.py', 'shop/text.py', 'other.py']);
});

test('a function that only the failing case names outranks its neighbours', () => {
  const tested = new Map([
    ...sources,
    [
      'test/tax.test.js',
      "import { tax, rate } from '../src/tax.js';\ntest('tax', () => tax(1));\ntest('rate', () => rate());\n",
    ],
  ]);
  const inFile = { file: 'test/tax.test.js' };
  const cases = [
    failingCase({ ...inFile, id: 'a', line: 2 }),
    failingCase({ ...inFile, id: 'b', line: 3, status: 'passed' }),
  ];
  expect(rankLines({ testResult: resultOf(...cases), sources: tested })[0]).toMatchObject({
    file: 'src/tax.js',
    line: 1,
  });
});

test('what the tested function calls is suspected more than what it does not', () => {
  const files = new Map([
    [
      'a.py',
      'def other(n):\n    return n\n\n\ndef round_up(n):\n    return n + 2\n\n\ndef total(n):\n    return round_up(n)\n',
    ],
    ['tests/test_a.py', 'from a import total\n\ndef test_total():\n    assert total(1) == 2\n'],
  ]);
  const ranked = rankLines({ testResult: resultOf(failingCase({ file: 'tests/test_a.py', line: 3 })), sources: files });
  expect(ranked.map((each) => each.line)).toEqual([9, 10, 5, 6, 1, 2]);
});

test('protected files never appear and equal inputs give equal bytes, whatever the order of the sources', () => {
  const paths = fc.constantFrom(...sources.keys(), 'tests/test_a.py', 'a/conftest.py');
  const frames = fc.array(fc.record({ file: paths, line: fc.integer({ min: 1, max: 9 }) }), { maxLength: 6 });
  fc.assert(
    fc.property(frames, fc.boolean(), (stack, isReversed) => {
      const testResult = resultOf(failingCase({ stack }));
      const shuffled = new Map(isReversed ? [...sources].toReversed() : sources);
      const ranked = rankLines({ testResult, sources });
      expect(ranked.every((each) => !isProtectedPath(each.file) && each.score > 0 && each.score <= 1.001)).toBe(true);
      expect(JSON.stringify(rankLines({ testResult, sources: shuffled }))).toBe(JSON.stringify(ranked));
    }),
  );
});
