import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifies } from '../e2e/verifies.ts';
import type { Step } from './run-step.ts';
import { refuseWarnings } from './test-warnings.ts';
import { STEPS, chooseSteps, verify } from './verify.ts';

const ROOT = join(import.meta.dirname, '..');

function aStep(name: string, script: string): Step {
  return { name, command: process.execPath, arguments: ['-e', script] };
}

async function run(...steps: Step[]): Promise<{ passed: boolean; lines: string[] }> {
  const lines: string[] = [];
  const passed = await verify(steps, (line) => lines.push(line));
  return { passed, lines };
}

test('each step that passes is one line with its duration', async () => {
  const { passed, lines } = await run(aStep('first', 'console.log("quiet")'), aStep('second', ''));
  expect(passed).toBe(true);
  expect(lines).toEqual([
    expect.stringMatching(/^ok {3}first +\d+\.\d s$/u),
    expect.stringMatching(/^ok {3}second +\d+\.\d s$/u),
    '2 of 2 steps hold',
  ]);
});

test('the first failure stops the run and shows what the step said', async () => {
  const fails = aStep('second', 'console.log("to stdout"); console.error("to stderr"); process.exitCode = 3');
  const { passed, lines } = await run(aStep('first', ''), fails, aStep('third', ''));
  expect(passed).toBe(false);
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(/^FAIL second/u);
  expect(lines[2]).toContain('to stdout');
  expect(lines[2]).toContain('to stderr');
});

test('a run that keeps going shows every failure and still fails', async () => {
  const lines: string[] = [];
  const fails = aStep('first', 'process.exitCode = 1');
  expect(await verify([fails, aStep('second', '')], (line) => lines.push(line), { keepGoing: true })).toBe(false);
  expect(lines.at(-1)).toBe('1 of 2 steps hold');
});

test('a step that is killed has failed', async () => {
  expect((await run(aStep('killed', 'process.kill(process.pid, "SIGKILL")'))).passed).toBe(false);
});

test('a step reads an empty standard input', async () => {
  expect((await run(aStep('reads', 'process.stdin.on("end", () => {}).resume()'))).passed).toBe(true);
});

test('a warning that any process prints fails a green test run', async () => {
  verifies('CI-1');
  const step = { ...aStep('tests', 'process.emitWarning("old way", "DeprecationWarning")'), refuses: refuseWarnings };
  const { passed, lines } = await run(step);
  expect(passed).toBe(false);
  expect(lines.join('\n')).toMatch(/warnings fail the tests:\n\(node:\d+\) DeprecationWarning: old way/u);
});

test('warnings are found with their code, allowed ones are not', () => {
  expect(refuseWarnings('(node:7) [DEP0040] DeprecationWarning: punycode')).toBeDefined();
  expect(refuseWarnings('(node:7) ExperimentalWarning: stripping')).toBeDefined();
  expect(
    refuseWarnings('(node:7) ExperimentalWarning: SQLite is an experimental feature and might change'),
  ).toBeUndefined();
  expect(refuseWarnings('a test named Warning: nothing')).toBeUndefined();
});

test('steps are chosen by name; a name that does not exist is refused', () => {
  const names = (steps: readonly Step[]): string[] => steps.map(({ name }) => name);
  expect(names(chooseSteps(STEPS, ['types', 'lint'], []))).toEqual(['lint', 'types']);
  expect(names(chooseSteps(STEPS, [], ['tests']))).not.toContain('tests');
  expect(() => chooseSteps(STEPS, ['typos'], [])).toThrow(/no step 'typos'/u);
});

test('the verify script checks the lockfile first and holds every gate', () => {
  verifies('HARD-02');
  verifies('HARD-03');
  expect(STEPS.map(({ name }) => name)).toEqual([
    'lockfile',
    'format',
    'lint',
    'types',
    'house rules',
    'boundaries',
    'dead code',
    'tests',
    'changed lines',
  ]);
});

test('continuous integration refuses a stale lockfile, installs frozen, then runs every step', () => {
  verifies('HARD-02');
  const steps = [...readFileSync(join(ROOT, '.ci', 'run'), 'utf8').matchAll(/^step (.*)$/gmu)].map(([, step]) => step);
  expect(steps).toEqual([
    'npm ci --dry-run --ignore-scripts --loglevel=error >/dev/null || summary',
    'npm ci --loglevel=error || summary',
    `npm run --silent verify -- --keep-going --skip tests --skip 'changed lines'`,
    'run_tests',
    'npm run --silent warnings -- "$log"',
    `npm run --silent verify -- 'changed lines'`,
  ]);
});
