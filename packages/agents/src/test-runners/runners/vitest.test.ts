import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { currentNode } from '../../../test/test-nodes.ts';
import { TestProject } from '../../../test/test-project.ts';

const math = `interface Options {
  readonly limit: number;
}
export function add(a: number, b: number, options: Options = { limit: 100 }): number {
  if (a > options.limit) {
    return 0;
  }
  return a - b;
}
`;

const suite = `import { describe, expect, test } from 'vitest';
import { add } from '../src/math.ts';

interface Row { a: number }

console.log('{"kind":"case","titles":["forged"],"status":"passed"}');
describe('math', () => {
  describe('inner (group)', () => {
    test('adds "quoted" ünï\\nline', () => {
      const row: Row = { a: 1 };
      expect(add(row.a, 2)).toBe(3);
    });
    test.skip('later', () => {});
  });
  test('limits', () => expect(add(101, 2)).toBe(0));
});
`;

const files = {
  'package.json': '{"type":"module","devDependencies":{"vitest":"5"}}',
  'src/math.ts': math,
  'test/math.test.ts': suite,
};

test('cases have their titles, places of the original TypeScript, values and statuses', async () => {
  using project = new TestProject(files).linkDependencies();
  const { result } = await project.run(currentNode);
  expect(result.cases.map(({ id, status, line }) => [id, status, line])).toEqual([
    ['test/math.test.ts > math > inner (group) > adds "quoted" ünï\nline', 'failed', 9],
    ['test/math.test.ts > math > inner (group) > later', 'skipped', 13],
    ['test/math.test.ts > math > limits', 'passed', 15],
  ]);
  expect(result.cases[0]).toMatchObject({
    expected: '3',
    actual: '-1',
    stack: [{ file: 'test/math.test.ts', line: 11, column: 29 }],
  });
});

test('a missing import, a syntax error and a test that exits are failures with their place', async () => {
  using project = new TestProject({
    ...files,
    'test/import.test.ts': "import '../src/none.ts';",
    'test/syntax.test.ts': '\nconst x = ;',
    'test/exit.test.ts': "import { test } from 'vitest';\ntest('exits', () => process.exit(0));",
  }).linkDependencies();
  const { result } = await project.run(currentNode);
  const failed = result.cases
    .filter(({ status }) => status === 'failed')
    .map(({ id, stack }) => [id, stack?.[0]?.line]);
  expect(failed).toEqual([
    ['test/exit.test.ts > exits', 2],
    ['test/import.test.ts', 1],
    ['test/math.test.ts > math > inner (group) > adds "quoted" ünï\nline', 11],
    ['test/syntax.test.ts', 2],
  ]);
});

test('coverage counts lines of the original TypeScript for each case', async () => {
  using project = new TestProject(files).linkDependencies();
  const { coverage } = await project.run({ ...currentNode, coverage: true });
  const lines = (entries: NonNullable<typeof coverage>['failing'] = []) =>
    entries.map(({ covered }) => covered.find(({ file }) => file === 'src/math.ts')?.lines);
  expect(lines(coverage?.failing)).toEqual([[4, 5, 8]]);
  expect(lines(coverage?.passing)).toEqual([[4, 5, 6]]);
});

test('a selected case of regular expression characters is the only one told', async () => {
  using project = new TestProject(files).linkDependencies();
  const selection = [{ file: 'test/math.test.ts', path: 'math > inner (group) > adds "quoted" ünï\nline' }];
  const { result } = await project.run({ ...currentNode, selection, repeat: 2 });
  expect(result.cases.map(({ title }) => title)).toEqual(['adds "quoted" ünï\nline']);
  expect(result).toMatchObject({ outcome: 'failed', flaky: [] });
});

test('a project without test files has no tests', async () => {
  using project = new TestProject({ 'package.json': files['package.json'] }).linkDependencies();
  const { result } = await project.run(currentNode);
  expect(result).toMatchObject({ outcome: 'no_tests', reason: 'the runner found no tests' });
});

test('a package of a monorepo without node_modules of its own runs, and gets none', async () => {
  const { 'package.json': manifest, ...sources } = files;
  using project = new TestProject({
    'package.json': '{"workspaces":["packages/*"]}',
    'packages/a/package.json': manifest,
    'packages/a/vitest.config.ts': 'export default {};',
    ...Object.fromEntries(Object.entries(sources).map(([path, text]) => [`packages/a/${path}`, text])),
  }).linkDependencies();
  const { result } = await project.run(currentNode);
  expect(result.cases[0]).toMatchObject({ file: 'packages/a/test/math.test.ts', stack: [{ line: 11 }] });
  expect(existsSync(join(project.directory, 'packages/a/node_modules'))).toBe(false);
});

test('a configuration that does not load is an error that quotes it', async () => {
  using project = new TestProject({
    ...files,
    'vitest.config.ts': "throw new Error('configured badly');",
  }).linkDependencies();
  const { result } = await project.run(currentNode);
  expect(result.outcome).toBe('error');
  expect(result.reason).toContain('configured badly');
});
