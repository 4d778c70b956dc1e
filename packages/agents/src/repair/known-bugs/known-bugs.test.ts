/**
 * Holds the grammar to bugs of everyday code: the correct text must be among the candidates, and near the front.
 */
import { expect, test } from 'vitest';
import { applyEdit, type Edit } from '../apply-edit.ts';
import { generateCandidates } from '../candidates/generate-candidates.ts';
import { literalHints } from '../candidates/literal-hints.ts';
import type { LiteralHints } from '../candidates/repair-operator.ts';
import { normalisedCode } from '../code-tokens.ts';
import { orderCandidates } from '../order-candidates.ts';
import { javascriptBugs } from './javascript-bugs.ts';
import { plant, type KnownBug } from './known-bug.ts';
import { pythonBugs } from './python-bugs.ts';
import { typescriptBugs } from './typescript-bugs.ts';

interface Repair {
  readonly bug: KnownBug;
  /** 1-based among the candidates of the line; `undefined` when the grammar does not reach the correct text. */
  readonly onLine: number | undefined;
}

/** What the grammar is known not to reach: rewrites, and statements of words that stand nowhere near. */
const beyond: ReadonlySet<string> = new Set([
  'discount binds wrongly',
  'slug keeps empty words',
  'queue forgets what runs',
  'group is thrown away',
  'sum keeps the last',
  'clamp exchanges its limits',
  'length is the square',
  'primes mark the prime itself',
  'search never remembers',
]);

const bugs = [...javascriptBugs, ...typescriptBugs, ...pythonBugs];
const repairs = bugs.map(repair);

function repair(bug: KnownBug): Repair {
  const { source, line } = plant(bug);
  const file = 'source';
  const editsOf = (lines: readonly number[]): readonly Edit[] => {
    const outcome = generateCandidates({ file, source, language: bug.language, lines, hints: hintsOf(bug) });
    if (outcome.kind === 'refused') throw new Error(`${bug.name}: ${outcome.reason} ${outcome.detail}`);
    const suspicious = lines.map((each) => ({ file, line: each, score: 1, why: '' }));
    return orderCandidates(outcome.edits, suspicious).map((each) => each.edit);
  };
  const wanted = [bug.correct, bug.correct.replace(bug.change[0], () => bug.equal ?? bug.change[0])].map((text) =>
    normalisedCode(text, bug.language === 'python'),
  );
  const isRepair = (edit: Edit): boolean =>
    wanted.includes(normalisedCode(applyEdit(source, edit), bug.language === 'python'));
  const near = editsOf([line]);
  // What was left out after the line before is put in from there.
  const lines = near.some(isRepair) ? near : editsOf([line - 1, line]);
  const found = lines.findIndex(isRepair);
  return {
    bug,
    onLine: found < 0 ? undefined : found + 1,
  };
}

function hintsOf(bug: KnownBug): LiteralHints {
  const failing = { id: 'a', title: 'a', status: 'failed', expected: bug.expected ?? '' } as const;
  return literalHints({
    kind: 'test_result',
    runner: 'command',
    command: ['test'],
    outcome: 'failed',
    exitCode: 1,
    durationMs: 0,
    cases: [failing],
    flaky: [],
    log: '',
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

test.each(repairs.filter((each) => !beyond.has(each.bug.name)))(
  'the repair of "$bug.name" is among the candidates',
  (each) => {
    expect(each.onLine).toBeDefined();
  },
);

test('the list of bugs beyond the grammar is kept true', () => {
  expect(repairs.filter((each) => each.onLine === undefined).map((each) => each.bug.name)).toEqual([...beyond]);
});

test('a repair is found early: half on the first 12 tries of its line, nine in ten on the first 60', () => {
  const ranks = repairs.flatMap((each) => each.onLine ?? []).toSorted((a, b) => a - b);
  expect(median(ranks)).toBeLessThanOrEqual(12);
  expect(ranks[Math.floor(ranks.length * 0.9)]).toBeLessThanOrEqual(60);
});
