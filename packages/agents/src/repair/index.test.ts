import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { TestCase, TestResult } from '@vltair/protocol';
import * as repair from './index.ts';

test('the entry exports these names', () => {
  expect(Object.keys(repair).toSorted()).toEqual([
    'PythonParserUnavailable',
    'applyEdit',
    'candidateId',
    'chooseRepair',
    'compareEdits',
    'editSize',
    'generateCandidates',
    'importDistances',
    'importsOf',
    'isProtectedPath',
    'isSourceFile',
    'languageOf',
    'literalHints',
    'maxLineLength',
    'operatorNames',
    'operatorPriors',
    'orderCandidates',
    'parseProblem',
    'planSearch',
    'protectedBy',
    'rankLines',
  ]);
});

interface Program {
  readonly source: string;
  readonly checks: readonly string[];
  readonly repaired: string;
}

const programs: readonly Program[] = [
  {
    source:
      'function total(items) {\n  let sum = 0;\n  for (let i = 1; i < items.length; i++) {\n    sum += items[i].price;\n  }\n  return sum;\n}\n',
    checks: ['total([]) === 0', 'total([{ price: 2 }]) === 2', 'total([{ price: 2 }, { price: 3 }]) === 5'],
    repaired: 'let i = 0;',
  },
  {
    source:
      'function initials(name) {\n  const parts = name.split(" ");\n  return parts.map((part) => part[0].toUpperCase()).join(" ");\n}\n',
    checks: ['initials("ada lovelace") === "AL"', 'initials("Grace") === "G"'],
    repaired: '.join("")',
  },
  {
    source: 'function range(low, high) {\n  const size = low - high;\n  return size < 0 ? 0 : size;\n}\n',
    checks: ['range(1, 4) === 3', 'range(4, 1) === 0', 'range(2, 2) === 0'],
    repaired: 'high - low',
  },
];

/** Runs the checks as a test runner would, and tells the result in its words. */
function run({ checks }: Program, source: string): TestResult {
  const cases = checks.map((check, index): TestCase => {
    const passes = isTrue(`${source}\n${check}`);
    return {
      id: `test/a.test.js > ${check}`,
      title: check,
      file: 'test/a.test.js',
      line: index + 2,
      status: passes ? 'passed' : 'failed',
    };
  });
  const outcome = cases.every((each) => each.status === 'passed') ? 'passed' : 'failed';
  return {
    kind: 'test_result',
    runner: 'node-test',
    command: ['node'],
    outcome,
    exitCode: 0,
    durationMs: 0,
    cases,
    flaky: [],
    log: '',
  };
}

function isTrue(code: string): boolean {
  try {
    return runInNewContext(code, {}, { timeout: 200 }) === true;
  } catch {
    // A candidate may throw or never end: it fails the check, which is all that is asked.
    return false;
  }
}

test.each(programs)('a failing program is repaired with "$repaired"', (program) => {
  const tests = `import './../src/a.js';\n${program.checks.join('\n')}\n`;
  const sources = new Map([
    ['src/a.js', program.source],
    ['test/a.test.js', tests],
  ]);
  const testResult = run(program, program.source);
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const suspicious = repair.rankLines({ testResult, sources });
  const plan = repair.planSearch({
    suspicious,
    sources,
    hints: repair.literalHints(testResult),
    hash,
    maxCandidates: 500,
  });
  const passing = plan.candidates.filter(
    (each) => run(program, repair.applyEdit(program.source, each.edit)).outcome === 'passed',
  );
  const chosen = repair.chooseRepair(passing);
  expect(chosen === undefined ? '' : repair.applyEdit(program.source, chosen.edit)).toContain(program.repaired);
});
