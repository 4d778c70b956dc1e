import tape from 'tape/package.json' with { type: 'json' };
import { describe, expect, test } from 'vitest';
import { currentNode, nodesUnderTest } from '../../../test/test-nodes.ts';
import { TestProject } from '../../../test/test-project.ts';

const math = `exports.add = (a, b) => {
  if (a > 100) {
    return 0;
  }
  return a - b;
};
`;

const suite = `const test = require('tape');
const { add } = require('../src/math');
console.log('{"kind":"case","titles":["forged"],"status":"passed"}');
test('math', (t) => {
  t.test('adds "quoted" ünï\\nline', (st) => {
    st.ok(true);
    st.equal(add(1, 2), 3);
    st.equal(add(2, 2), 5);
    st.end();
  });
  t.test('later', { skip: true }, (st) => st.fail());
  t.end();
});
test('limits', (t) => {
  t.plan(1);
  setTimeout(() => t.equal(add(101, 2), 0), 1);
});
`;

const files = {
  'package.json': '{"scripts":{"test":"tape \'test/*.js\'"}}',
  'src/math.js': math,
  'test/math.js': suite,
};

/** The cases of one test file, by id without the file. */
async function casesOf(text: string, file = 'test/math.js') {
  using project = new TestProject({ 'package.json': files['package.json'], [file]: text }).linkDependencies();
  const { result } = await project.run(currentNode);
  const cases = result.cases.map(({ id, status, message }) => [id.replace(`${file} > `, ''), status, message]);
  return { result, cases };
}

const tests = (...lines: readonly string[]) => ["const test = require('tape');", ...lines].join('\n');

describe.each(nodesUnderTest())(`tape ${tape.version} on $name`, ({ environment, installation }) => {
  test('cases have their titles, places, values and statuses', async () => {
    using project = new TestProject(files).linkDependencies();
    const { result } = await project.run({ environment, installation });
    expect(result).toMatchObject({ runner: 'tape', outcome: 'failed' });
    expect(result.cases.map(({ id, status, line }) => [id, status, line])).toEqual([
      ['test/math.js > limits', 'passed', 14],
      ['test/math.js > math', 'passed', 4],
      ['test/math.js > math > adds "quoted" ünï\nline', 'failed', 5],
      ['test/math.js > math > later', 'skipped', 11],
    ]);
    expect(result.cases[2]).toMatchObject({
      file: 'test/math.js',
      message: 'should be strictly equal',
      expected: '3',
      actual: '-1',
      stack: [{ file: 'test/math.js', line: 7, column: 8 }],
    });
    expect(result.cases[0]?.durationMs).toBeGreaterThan(0);
    expect(result.log).toContain('# pass  2');
  });

  test('coverage tells apart what each case ran', async () => {
    using project = new TestProject(files).linkDependencies();
    const { coverage } = await project.run({ environment, installation, coverage: true });
    const lines = (entries: NonNullable<typeof coverage>['failing'] = []) =>
      entries.map(({ test: id, covered }) => [id, covered.find(({ file }) => file === 'src/math.js')?.lines]);
    expect(lines(coverage?.failing)).toEqual([['test/math.js > math > adds "quoted" ünï\nline', [1, 2, 5]]]);
    expect(lines(coverage?.passing)).toEqual([['test/math.js > limits', [1, 2, 3]]]);
  });

  test('test files may be modules of ECMAScript', async () => {
    using project = new TestProject({
      'package.json': '{"type":"module","scripts":{"test":"tape \'test/**/*.js\'"}}',
      'src/math.js': 'export const add = (a, b) => a - b;\n',
      'test/deep/math.js':
        "import test from 'tape';\nimport { add } from '../../src/math.js';\n\ntest('adds', async (t) => t.equal(add(1, 2), 3));",
    }).linkDependencies();
    const { result, coverage } = await project.run({ environment, installation, coverage: true });
    expect(result.cases).toMatchObject([{ id: 'test/deep/math.js > adds', status: 'failed', line: 4, expected: '3' }]);
    expect(coverage?.failing[0]?.covered).toContainEqual({ file: 'src/math.js', lines: [1] });
  });
});

test('only the selected file is run, with the options of the project, and only the selected case is told', async () => {
  using project = new TestProject({
    ...files,
    'package.json': '{"scripts":{"test":"tape -r ./setup.js \'test/*.js\'"}}',
    'setup.js': '',
    'test/other.js': "throw new Error('not selected');",
  }).linkDependencies();
  const { result } = await project.run({ ...currentNode, selection: [{ file: 'test/math.js', path: 'limits' }] });
  expect(result).toMatchObject({ outcome: 'passed', cases: [{ title: 'limits' }] });
  expect(result.command.slice(-3)).toEqual(['-r', './setup.js', 'test/math.js']);
});

test('a test that a file loads belongs to the file that tape was given, which can be run by itself', async () => {
  using project = new TestProject({
    'package.json': '{"scripts":{"test":"node test"}}',
    'test/index.js': "globalThis.limit = 3;\nrequire('tape');\nrequire('./limit');",
    'test/limit.js': tests("test('limit', (t) => { t.equal(limit, 3); t.end(); });"),
  }).linkDependencies();
  const { result } = await project.run(currentNode);
  expect(result.cases).toMatchObject([{ id: 'test/index.js > limit', line: 3, status: 'passed' }]);
});

test('the line of a test is its own, although tape runs it inside of the end of another', async () => {
  using project = new TestProject({
    ...files,
    'test/math.js': tests(
      "test('outer', (t) => {",
      "  t.test('first', (st) => st.end());",
      "  t.test('second', (st) => {",
      "    st.test('deep', (dt) => dt.end(new Error('wrong')));",
      '    st.end();',
      '  });',
      '  t.end();',
      '});',
    ),
  }).linkDependencies();
  const { result } = await project.run(currentNode);
  expect(result.cases.map(({ title, line, stack }) => [title, line, stack?.map((frame) => frame.line)])).toEqual([
    ['outer', 2, undefined],
    ['first', 3, undefined],
    ['second', 4, undefined],
    ['deep', 5, [5]],
  ]);
});

test('code of the test around a case counts as run by the case, and not as run by a test that only holds others', async () => {
  using project = new TestProject({
    ...files,
    'test/math.js': tests(
      "const { add } = require('../src/math');",
      "test('math', (t) => {",
      '  const sum = add(1, 2);',
      "  t.test('sum', (st) => { st.equal(sum, 3); st.end(); });",
      '  t.end();',
      '});',
    ),
  }).linkDependencies();
  const { coverage } = await project.run({ ...currentNode, coverage: true });
  expect(coverage?.passing).toEqual([]);
  expect(coverage?.failing[0]?.covered).toContainEqual({ file: 'src/math.js', lines: [1, 2, 5] });
});

test('a test fails for its plan, for its timeout, for an end that comes twice and for a callback that it lacks', async () => {
  const { cases, result } = await casesOf(
    tests(
      "test('plan', (t) => { t.plan(2); t.ok(true); t.end(); });",
      "test('timeout', { timeout: 20 }, () => {});",
      "test('twice', (t) => { t.end(); setTimeout(() => t.ok(true, 'late'), 5); });",
      "test('empty');",
      "test('slow', (t) => setTimeout(() => t.end(), 30));",
    ),
  );
  expect(cases).toEqual([
    ['empty', 'failed', '# TODO empty'],
    ['plan', 'failed', 'plan != count'],
    ['slow', 'passed', undefined],
    ['timeout', 'failed', 'timeout timed out after 20ms'],
    ['twice', 'failed', '.end() already called: late'],
  ]);
  expect(result.outcome).toBe('failed');
});

test('what is to be done or skipped fails nothing', async () => {
  const { cases, result } = await casesOf(
    tests(
      "test('todo', { todo: true }, (t) => { t.fail(); t.end(); });",
      "test('todo assertion', (t) => { t.equal(1, 2, 'later', { todo: true }); t.ok(true); t.end(); });",
      "test.skip('skipped', (t) => t.fail());",
      "test('skips itself', (t) => { t.skip('not here'); t.end(); });",
    ),
  );
  expect(cases.map(([title, status]) => [title, status])).toEqual([
    ['skipped', 'skipped'],
    ['skips itself', 'skipped'],
    ['todo', 'skipped'],
    ['todo assertion', 'passed'],
  ]);
  expect(result.outcome).toBe('passed');
});

test('what an asynchronous test or its end is given as an error tells where it was thrown', async () => {
  using project = new TestProject({
    ...files,
    'src/math.js': "exports.add = () => {\n  throw new TypeError('no numbers');\n};",
    'test/math.js': tests(
      "const { add } = require('../src/math');",
      "test('rejects', async () => add(1, 2));",
      "test('ends', (t) => { try { add(); } catch (error) { t.end(error); } });",
      "test('throws', (t) => { t.doesNotThrow(add); t.end(); });",
    ),
  }).linkDependencies();
  const { result } = await project.run(currentNode);
  const place = { file: 'src/math.js', line: 2 };
  expect(result.cases).toMatchObject([
    { title: 'ends', message: 'no numbers', stack: [place, { line: 4 }] },
    { title: 'rejects', message: 'no numbers', stack: [place, { line: 3 }] },
    { title: 'throws', message: 'should not throw', stack: [place, { line: 5 }] },
  ]);
});

test.each([
  ['throws', "throw new Error('broken');"],
  ['throws later', "setTimeout(() => { throw new Error('broken'); }, 1);"],
  ['leaves a rejection', "Promise.reject(new Error('broken'));"],
])('a test that %s ends the run as a failed case with that error, and what it ran is known', async (title, line) => {
  using project = new TestProject({
    ...files,
    'test/math.js': tests(
      "const { add } = require('../src/math');",
      "test('first', (t) => t.end());",
      `test('${title}', (t) => { add(1, 2); ${line} });`,
      "test('last', (t) => t.end());",
    ),
  }).linkDependencies();
  const { result, coverage } = await project.run({ ...currentNode, coverage: true });
  expect(result.outcome).toBe('failed');
  expect(result.cases).toMatchObject([
    { title: 'first', status: 'passed' },
    { title, status: 'failed', message: 'broken', stack: [{ file: 'test/math.js', line: 4 }] },
  ]);
  expect(coverage?.failing[0]?.covered).toContainEqual({ file: 'src/math.js', lines: [1, 2, 5] });
});

test('a test that goes on after its end and throws fails its file', async () => {
  const { cases } = await casesOf(
    tests("test('ends', (t) => { t.end(); setTimeout(() => { throw new Error('late'); }, 1); });"),
  );
  expect(cases).toEqual([
    ['test/math.js', 'failed', 'late'],
    ['ends', 'passed', undefined],
  ]);
});

test('a test that does not end fails, and those that wait for it are not told', async () => {
  const { cases } = await casesOf(
    tests("test('outer', (t) => { t.test('inner', () => {}); t.end(); });", "test('waits', (t) => t.end());"),
  );
  expect(cases).toEqual([
    ['outer', 'failed', 'test exited without ending: outer'],
    ['outer > inner', 'failed', 'test exited without ending: inner'],
  ]);
});

test('tests that were left behind while none ran have failed', async () => {
  const { cases, result } = await casesOf(
    tests("test('first', (t) => setTimeout(() => { t.end(); process.exit(0); }));", "test('waits', (t) => t.end());"),
  );
  expect(cases).toEqual([
    ['first', 'passed', undefined],
    ['waits', 'failed', 'test exited without ending: waits'],
  ]);
  expect(result.outcome).toBe('failed');
});

test('a test that exits the process does not pass', async () => {
  const exits = (code: number) =>
    casesOf(tests("test('first', (t) => t.end());", `test('exits', () => process.exit(${code}));`));
  const [success, failure] = [await exits(0), await exits(3)];
  expect(success.cases).toContainEqual(['exits', 'failed', 'test exited without ending: exits']);
  expect(failure.result).toMatchObject({
    outcome: 'error',
    reason:
      'the report stops after 1 case during "test/math.js > exits" (exit code 3): a test or the code under test ended the process',
  });
});

test.each([
  [
    'a syntax error',
    { 'src/math.js': 'exports.add = ;' },
    "Unexpected token ';'",
    [
      { file: 'src/math.js', line: 1 },
      { file: 'test/math.js', line: 2 },
    ],
  ],
  ['a module that is not there', { 'test/math.js': "require('../src/none');" }, /^Cannot find module/, undefined],
  [
    'an error of a module',
    { 'test/math.mjs': "import '../src/broken.mjs';", 'src/broken.mjs': "throw new Error('broken');" },
    'broken',
    [{ file: 'src/broken.mjs', line: 1 }],
  ],
])('%s while a test file loads fails that file', async (_what, broken, message, stack) => {
  const script = { 'package.json': '{"scripts":{"test":"tape \'test/*\'"}}' };
  using project = new TestProject({ ...files, ...script, ...broken }).linkDependencies();
  const { result } = await project.run(currentNode);
  const file = 'test/math.mjs' in broken ? 'test/math.mjs' : 'test/math.js';
  expect(result).toMatchObject({ outcome: 'failed', cases: [{ id: file, file, status: 'failed' }] });
  expect(result.cases[0]?.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  if (stack !== undefined) expect(result.cases[0]?.stack).toMatchObject(stack);
});

test('a test file that is not there is an error that names it', async () => {
  using project = new TestProject({ 'package.json': '{"scripts":{"test":"tape test/none.js"}}' }).linkDependencies();
  const { result } = await project.run(currentNode);
  expect(result.outcome).toBe('error');
  expect(result.reason).toMatch(/before any test: Error: Cannot find module/);
});

test('files without a test are no tests', async () => {
  const { result } = await casesOf('');
  expect(result).toMatchObject({ outcome: 'no_tests', reason: 'the runner found no tests' });
});

test('processes and workers that a test starts tell nothing', async () => {
  const { cases } = await casesOf(
    tests(
      "const { fork } = require('node:child_process');",
      "const { Worker } = require('node:worker_threads');",
      "if (process.argv[2] === 'child') test('child', (t) => t.end());",
      "else test('parent', (t) => {",
      '  t.plan(2);',
      "  fork(__filename, ['child'], { silent: true }).on('exit', (code) => t.equal(code, 0));",
      "  new Worker('', { eval: true }).on('exit', (code) => t.equal(code, 0));",
      '});',
    ),
  );
  expect(cases).toEqual([['parent', 'passed', undefined]]);
});
