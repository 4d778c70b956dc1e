import { expect, test } from 'vitest';
import { TestProject } from '../../../test/test-project.ts';

async function run(override: string) {
  using project = new TestProject({});
  return (await project.run({ override })).result;
}

test('TAP on standard output gives cases, also among other output', async () => {
  using project = new TestProject({
    'out.tap':
      'building\nTAP version 13\nok 1 - a\nnot ok 2 - b\n  ---\n  message: wrong\n  at: src/b.js:3:1\n  ...\n1..2\n',
  });
  const { result } = await project.run({ override: 'cat out.tap; exit 1' });
  expect(result).toMatchObject({
    runner: 'command',
    command: ['/bin/sh', '-c', 'cat out.tap; exit 1'],
    outcome: 'failed',
    cases: [
      { id: 'a', status: 'passed' },
      { id: 'b', status: 'failed', file: 'src/b.js', line: 3, message: 'wrong' },
    ],
  });
});

test('JUnit XML in the file that the environment names wins over standard output', async () => {
  using project = new TestProject({
    'out.xml': '<testsuite name="s"><testcase name="a" file="a.rb" line="2"/></testsuite>',
  });
  const { result } = await project.run({
    override: 'cp out.xml "$VLTAIR_TEST_REPORT"; echo 1..1; echo "not ok 1 - no"',
  });
  expect(result).toMatchObject({ outcome: 'passed', cases: [{ id: 'a.rb > s > a', line: 2 }] });
});

test('a command that only exits is one case', async () => {
  expect(await run('true')).toMatchObject({ outcome: 'passed', cases: [{ id: 'true', status: 'passed' }] });
  const failed = await run('echo "  at src/x.js:1:1"; exit 3');
  expect(failed).toMatchObject({
    outcome: 'failed',
    exitCode: 3,
    cases: [{ status: 'failed', message: 'exit code 3' }],
  });
});

test('a command that does not exist is an error, not a failing test', async () => {
  const { outcome, reason } = await run('no-such-runner --all');
  expect(outcome).toBe('error');
  expect(reason).toMatch(/^the command was not found: .*no-such-runner: not found/);
});

test('TAP that promises more than it holds is an error with what it held', async () => {
  expect(await run('echo 1..2; echo "ok 1 - a"')).toMatchObject({
    outcome: 'error',
    reason: 'the report stops after 1 case (exit code 0): the TAP plan promised 2 tests, 1 were reported',
    cases: [{ id: 'a' }],
  });
});

test('a report that the sandbox cut off says so', async () => {
  using project = new TestProject({ 'out.xml': `<testsuite>${'<testcase name="a"/>'.repeat(200)}</testsuite>` });
  const { result } = await project.run({ override: 'cat out.xml', limits: { wallTimeMs: 10_000, outputBytes: 1000 } });
  expect(result.outcome).toBe('error');
  expect(result.reason).toContain('the report was cut off: [TRUNCATED at 1000 bytes]');
});

test('a failing case of a command that prints TAP has the same id when it passes, and its file from the stack', async () => {
  const tap = (isFailing: boolean): string => `console.log(\`TAP version 13
# adds
${
  isFailing
    ? `not ok 1 adds
  ---
    operator: equal
    expected: 3
    actual: 2
    stack: |-
      Error: adds
          at Test.<anonymous> (\${process.cwd()}/test/add.js:4:3)
  ...`
    : 'ok 1 adds'
}

1..1\`);`;
  const ids: (readonly string[])[] = [];
  for (const isFailing of [true, false]) {
    using project = new TestProject({ 'suite.js': tap(isFailing), 'test/add.js': '' });
    const { result } = await project.run({ override: 'node suite.js' });
    ids.push(result.cases.map(({ id }) => id));
    if (isFailing) expect(result.cases[0]).toMatchObject({ status: 'failed', file: 'test/add.js' });
  }
  expect(ids[0]).toEqual(ids[1]);
});
