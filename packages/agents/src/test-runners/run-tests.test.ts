import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { testResultSchema } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { TestProject } from '../../test/test-project.ts';
import { passesNow, testRunName } from './test-command.ts';

const head = "import test from 'node:test';\nimport assert from 'node:assert';\nimport fs from 'node:fs';\n";
const withTest = (body: string) => ({ 'package.json': '{"type":"module"}', 'a.test.js': `${head}${body}` });

test('a suite that passes has a result that the protocol accepts and a log that says whose it is', async () => {
  verifies('AR-13');
  using project = new TestProject(withTest("test('a', () => {});"));
  const { result } = await project.run();
  expect(testResultSchema.parse(result)).toMatchObject({ outcome: 'passed', exitCode: 0 });
  expect(result.reason).toBeUndefined();
  expect(result.log).toMatch(/^\[sandbox\] traceId=trace-1 duration_ms=\d+\n/);
});

test('the same tree gives the same result apart from durations', async () => {
  const suite = withTest(
    "for (const name of ['b', 'a', 'b', 'c']) test(name, () => assert.ok(name !== 'c', process.cwd()));\ntest('url', () => { throw new Error(import.meta.url); });",
  );
  using one = new TestProject(suite);
  using other = new TestProject(suite);
  const facts = async (project: TestProject) =>
    (await project.run()).result.cases.map(({ durationMs: _varies, ...rest }) => rest);
  const cases = await facts(one);
  expect(cases.map(({ id }) => id)).toEqual([
    'a.test.js > a',
    'a.test.js > b',
    'a.test.js > b (2)',
    'a.test.js > c',
    'a.test.js > url',
  ]);
  expect(cases.at(-1)?.message).toBe('a.test.js');
  expect(JSON.stringify(await facts(other)).replaceAll(other.directory, '')).toBe(
    JSON.stringify(cases).replaceAll(one.directory, ''),
  );
});

test('a hang is a timeout that says how far the tests came', async () => {
  using project = new TestProject(
    withTest(
      "test('quick', () => {});\ntest('hangs', () => { return new Promise(() => setInterval(() => {}, 1000)); });",
    ),
  );
  const { result } = await project.run({ limits: { wallTimeMs: 1500 } });
  expect(result).toMatchObject({
    outcome: 'timeout',
    exitCode: 124,
    reason: 'wall timeout after 1 case during "a.test.js > hangs"',
  });
  expect(result.cases[0]).toMatchObject({
    id: 'a.test.js > hangs',
    status: 'failed',
    message: 'it did not finish: wall timeout',
  });
});

test('a directory without tests has none', async () => {
  using project = new TestProject({ 'package.json': '{"scripts":{"test":"node --test missing/*.js"}}' });
  expect((await project.run()).result).toMatchObject({ outcome: 'no_tests', cases: [] });
});

test('tests that are all skipped are no tests', async () => {
  using project = new TestProject(withTest("test.skip('a', () => {});"));
  expect((await project.run()).result).toMatchObject({ outcome: 'no_tests', reason: 'all of 1 case were skipped' });
});

test('a runner that disappears after detection is an error that names it', async () => {
  using project = new TestProject({ 'package.json': '{}' });
  const command = {
    runner: 'vitest',
    directory: '.',
    script: 'node_modules/vitest/vitest.mjs',
    nodeOptions: [],
    arguments: [],
    environment: {},
  } as const;
  const { result } = await project.run({ command, override: 'true' });
  expect(result).toMatchObject({
    outcome: 'error',
    reason: 'vitest is not installed: node_modules/vitest/vitest.mjs does not exist',
    exitCode: 127,
  });
});

test('a test that never gives way is told by its file', async () => {
  using project = new TestProject(withTest("test('spins', () => { for (;;); });"));
  const { result } = await project.run({ limits: { wallTimeMs: 1500 } });
  expect(result).toMatchObject({ outcome: 'timeout', cases: [{ id: 'a.test.js', status: 'failed' }] });
});

test('a file whose process ended before the run was cut short is told by the case that was at work', async () => {
  using project = new TestProject({
    'package.json': '{"scripts":{"test":"node --test"}}',
    'test/ended.test.js': `
      const { test } = require('node:test');
      test('is ended', () => new Promise(() => setTimeout(() => process.kill(process.pid, 'SIGTERM'), 300)));`,
    'test/hangs.test.js': `require('node:test').test('hangs', () => new Promise(() => setInterval(() => {}, 99)));`,
  });
  const { result } = await project.run({ limits: { wallTimeMs: 3_000 } });
  expect(result).toMatchObject({
    outcome: 'timeout',
    cases: [{ id: 'test/ended.test.js > is ended' }, { id: 'test/hangs.test.js > hangs' }],
  });
});

test.each([
  ['a file', { 'package.json': '{"scripts":{"test":"node --test"}}', 'test/a.test.js': 'for (;;);' }, 'test/a.test.js'],
  ['a case', withTest('test(() => new Promise(() => setInterval(() => {}, 99)));'), 'a.test.js > <anonymous>'],
  ['a command', { 'check.js': 'for (;;);' }, 'node check.js'],
])('the reason of a hang names %s', async (_, files, name) => {
  using project = new TestProject(files);
  const override = name.startsWith('node') ? { override: name } : {};
  const { result } = await project.run({ limits: { wallTimeMs: 1500 }, ...override });
  expect(result).toMatchObject({ outcome: 'timeout', cases: [{ id: name, status: 'failed' }] });
  expect(result.reason).toBe(`wall timeout before any test finished during ${JSON.stringify(name)}`);
});

test('a command that only exits is quoted, with the frames of what it printed', async () => {
  using project = new TestProject({ 'check.js': "\nthrow new Error('one is not two');\n" });
  const { result } = await project.run({ override: 'node check.js' });
  expect(result.cases).toMatchObject([
    { message: 'exit code 1: Error: one is not two', stack: expect.arrayContaining([{ file: 'check.js', line: 2 }]) },
  ]);
});

const emptyHere = "for (const name of fs.readdirSync('.')) fs.rmSync(name, { recursive: true, force: true });";

test.each([
  ['passes', '', 0, '1 case told of, none failed'],
  [
    'fails',
    "test('b', () => assert.equal(1, 2, 'one is not two'));",
    1,
    '1 of 2 cases failed, "a.test.js > b" with one is not two',
  ],
])(
  'tests that delete their own tree are an error that says what, where and how far: a suite that %s',
  async (_, more, exitCode, known) => {
    using project = new TestProject(withTest(`test('a', () => { ${emptyHere} });\n${more}`));
    const { result } = await project.run();
    expect(result).toMatchObject({
      outcome: 'error',
      exitCode,
      reason: `the tests deleted a.test.js, package.json while they ran (exit code ${exitCode}): ${known}`,
      error: { reason: 'test_failed/tree_deleted', where: 'a.test.js' },
    });
    expect(readdirSync(project.directory)).toEqual([]);
  },
);

test('a command that deletes its own tree is quoted with what it printed', async () => {
  using project = new TestProject({ 'check.sh': 'rm -rf ./* ./.[a-z]*; echo "Error: no room" >&2; exit 4\n' });
  const { result } = await project.run({ override: 'sh check.sh' });
  expect(result).toMatchObject({ outcome: 'error', error: { reason: 'test_failed/tree_deleted' } });
  expect(result.reason).toMatch(/^the tests deleted check\.sh while they ran \(exit code 4\): .*Error: no room/);
});

test('tests that delete their report and end the process are told by the case that ran', async () => {
  const body =
    "import os, shutil, unittest\nclass A(unittest.TestCase):\n    def test_a(self):\n        pass\n    def test_b(self):\n        shutil.rmtree('.vltair-tests')\n        os._exit(3)\n";
  using project = new TestProject({ 'test_it.py': body });
  const { result } = await project.run();
  expect(result.reason).toBe(
    'the tests deleted the report of what they do during "test_it.py > A > test_b" (exit code 3): 1 case told of, none failed; it printed nothing',
  );
  expect(result).toMatchObject({
    outcome: 'error',
    error: { reason: 'test_failed/tree_deleted', where: 'test_it.py' },
  });
});

test('a Python suite that deletes its own tree is told in the same way', async () => {
  const body =
    "import os, shutil, unittest\nclass A(unittest.TestCase):\n    def test_a(self):\n        shutil.rmtree('.vltair-tests')\n        os.remove('test_it.py')\n    def test_b(self):\n        self.assertEqual(1, 2)\n";
  using project = new TestProject({ 'test_it.py': body });
  const { result } = await project.run();
  expect(result.reason).toMatch(
    /^the tests deleted test_it\.py while they ran \(exit code 1\): 1 of 2 cases failed, "test_it\.py > A > test_b" with 1 != 2/,
  );
});

test('tests that delete our files alone lose nothing', async () => {
  // Not before the runner, another process, has loaded our reporter.
  const body = `
    test('a', async () => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      fs.rmSync('.vltair-tests', { recursive: true });
    });
    test('b', () => assert.equal(1, 2));`;
  using project = new TestProject(withTest(body));
  const { result } = await project.run();
  expect(result).toMatchObject({ outcome: 'failed', cases: [{ status: 'passed' }, { title: 'b', status: 'failed' }] });
  expect(result.error).toBeUndefined();
});

test('a report that the tests swap for a link is not read', async () => {
  using project = new TestProject({
    ...withTest(
      "test('a', () => { fs.rmSync('.vltair-tests/report.jsonl'); fs.symlinkSync(process.cwd() + '/secret', '.vltair-tests/report.jsonl'); });",
    ),
    secret: '{"kind":"case","titles":["secret"],"status":"passed"}\n{"kind":"end"}\n',
  });
  const { result } = await project.run();
  expect(result).toMatchObject({ outcome: 'passed', cases: [{ title: 'a' }] });
});

test('a megabyte of output is bounded and changes no verdict', async () => {
  using project = new TestProject(
    withTest(
      "test('a', () => console.log(('x'.repeat(99) + '\\n').repeat(10_500)));\ntest('b', () => assert.equal(1, 2));",
    ),
  );
  const { result } = await project.run({ limits: { wallTimeMs: 20_000, outputBytes: 100_000 } });
  expect(result.cases.map(({ title, status }) => [title, status])).toEqual([
    ['a', 'passed'],
    ['b', 'failed'],
  ]);
  expect(result.log.length).toBeLessThan(17_000);
});

test('a case that fails only sometimes is flaky after repetition, and one that always fails is not', async () => {
  const body =
    "test('sometimes', () => { const first = !fs.existsSync('seen'); fs.writeFileSync('seen', ''); assert.ok(!first); });\ntest('always', () => assert.fail('no'));\ntest('never', () => {});";
  using project = new TestProject(withTest(body));
  const { result } = await project.run({ repeat: 3 });
  expect(result).toMatchObject({ outcome: 'failed', flaky: ['a.test.js > sometimes'] });
});

test('a package of a monorepo runs in its directory and names files from the root', async () => {
  using project = new TestProject({
    'package.json': '{"workspaces":["packages/*"]}',
    'packages/a/package.json': '{"type":"module","scripts":{"test":"node --test"}}',
    'packages/a/a.test.js': `${head}import { value } from '../b/b.js';\ntest('a', () => assert.equal(value(), 2));`,
    'packages/b/b.js': 'export function value() {\n  return 1;\n}\n',
    'packages/b/package.json': '{"type":"module"}',
  });
  const { result, coverage } = await project.run({ coverage: true });
  expect(result.cases).toMatchObject([
    { id: 'packages/a/a.test.js > a', stack: [{ file: 'packages/a/a.test.js', line: 5 }] },
  ]);
  expect(coverage?.failing[0]?.covered).toContainEqual({ file: 'packages/b/b.js', lines: [1, 2] });
});

test('the tests run on the Node of PATH and leave no trace of ours', async () => {
  using project = new TestProject(
    withTest(
      "test(process.execPath, () => { assert.equal(Object.keys(process.env).some((name) => name.startsWith('npm_')), false); });",
    ),
  );
  const node = execFileSync('/bin/sh', ['-c', 'command -v node'], {
    encoding: 'utf8',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  }).trim();
  const environment = {
    PATH: `${import.meta.dirname}/../../../../node_modules/.bin:/usr/local/bin:/usr/bin:/bin`,
    npm_config_x: '1',
  };
  const { result } = await project.run({ environment });
  expect(result).toMatchObject({ outcome: 'passed', cases: [{ title: node }] });
});

test('a selection outside of the directory of a command selects none of its tests', async () => {
  using project = new TestProject({
    'package.json': '{"workspaces":["packages/*"]}',
    'packages/a/package.json': '{"scripts":{"test":"node --test"}}',
    'packages/a/a.test.js': '',
  });
  const { result } = await project.run({ selection: [{ file: 'packages/b/b.test.js' }] });
  expect(result).toMatchObject({ outcome: 'no_tests', reason: 'none of the selected tests lies in packages/a' });
});

test('a file that did not load passes once all that it holds does', () => {
  const held = (status: 'passed' | 'failed') => ({ id: `a.js > ${status}`, title: status, file: 'a.js', status });
  expect(passesNow('a.js', [held('passed')])).toBe(true);
  expect(passesNow('a.js', [held('passed'), held('failed')])).toBe(false);
  expect(passesNow('a.js', [])).toBe(false);
  expect(passesNow('a.js > passed', [held('passed'), held('failed')])).toBe(true);
});

test('the name of a run comes from its sorted inputs', () => {
  verifies('V-33');
  expect(testRunName(['b.test.js', 'a.test.js', 'b.test.js'])).toBe('a.test.js, b.test.js');
  expect(testRunName([])).toBe('all tests');
});
