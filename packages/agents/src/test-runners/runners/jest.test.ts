import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TestProject } from '../../../test/test-project.ts';

const recorded = join(import.meta.dirname, '../../../test/recorded');

/** A project in which jest is its recording: jest itself is 55 MB and brings an install script. */
function aJestProject(): TestProject {
  return new TestProject({
    'package.json': '{"scripts":{"test":"jest"}}',
    'node_modules/jest/package.json': '{"bin":"bin/jest.cjs"}',
    'node_modules/jest/bin/jest.cjs': readFileSync(join(recorded, 'replay-jest.cjs'), 'utf8'),
    'node_modules/jest/bin/results.json': readFileSync(join(recorded, 'jest-30.5.2-results.json'), 'utf8'),
  });
}

test('recorded results of jest 30 become cases with titles, places, values and statuses', async () => {
  using project = aJestProject();
  const { result } = await project.run();
  expect(result).toMatchObject({ runner: 'jest', outcome: 'failed' });
  expect(result.cases.map(({ id, status, line }) => [id, status, line])).toEqual([
    ['test/import.test.js', 'failed', undefined],
    ['test/math.test.js > math > inner > adds "quoted" ünï\nline', 'failed', 4],
    ['test/math.test.js > math > inner > keeps objects', 'failed', 7],
    ['test/math.test.js > math > inner > later', 'skipped', 13],
    ['test/math.test.js > math > inner > someday', 'skipped', 14],
    ['test/math.test.js > math > inner > throws', 'failed', 10],
    ['test/math.test.js > math > limits', 'passed', 16],
    ['test/syntax.test.js', 'failed', undefined],
  ]);
});

test('failures of jest carry what was compared and where', async () => {
  using project = aJestProject();
  const { result } = await project.run();
  const [missing, , objects] = result.cases;
  expect(missing?.stack?.[0]).toMatchObject({ file: 'test/import.test.js', line: 1 });
  expect(objects).toMatchObject({
    expected: '{ sum: 3 }',
    actual: '{ sum: -1 }',
    stack: [{ file: 'test/math.test.js', line: 8 }],
  });
  expect(result.cases.at(-1)?.stack).toEqual([{ file: 'test/syntax.test.js', line: 2 }]);
});

test('a selection names its files and anchors its titles', async () => {
  using project = aJestProject();
  const { result } = await project.run({ selection: [{ file: 'test/math.test.js', path: 'math > limits' }] });
  expect(result.cases.map(({ title }) => title)).toEqual(['limits']);
  expect(result.command.slice(-4)).toEqual([
    '--testNamePattern',
    '^\\s*(?:math(?: > | )limits)$',
    '--runTestsByPath',
    'test/math.test.js',
  ]);
});
