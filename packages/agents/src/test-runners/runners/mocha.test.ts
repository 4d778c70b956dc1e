import mocha from 'mocha/package.json' with { type: 'json' };
import { expect, test } from 'vitest';
import { currentNode } from '../../../test/test-nodes.ts';
import { TestProject } from '../../../test/test-project.ts';

const math = `exports.add = (a, b) => {
  if (a > 100) {
    return 0;
  }
  return a - b;
};
`;

const suite = `const assert = require('node:assert');
const { add } = require('../src/math');
console.log('{"kind":"case","titles":["forged"],"status":"passed"}');
describe('math', () => {
  describe('inner', () => {
    it('adds "quoted" ünï\\nline', () => {
      assert.strictEqual(add(1, 2), 3);
    });
    it.skip('later', () => {});
  });
  it('limits', () => assert.strictEqual(add(101, 2), 0));
});
`;

const files = {
  'package.json': '{"scripts":{"test":"mocha --timeout 3000 test/*.js"}}',
  'src/math.js': math,
  'test/math.js': suite,
};

test(`cases of mocha ${mocha.version} have their titles, places, values and statuses`, async () => {
  using project = new TestProject(files).linkDependencies();
  const { result } = await project.run(currentNode);
  expect(result.cases.map(({ id, status }) => [id, status])).toEqual([
    ['test/math.js > math > inner > adds "quoted" ünï\nline', 'failed'],
    ['test/math.js > math > inner > later', 'skipped'],
    ['test/math.js > math > limits', 'passed'],
  ]);
  expect(result.cases[0]).toMatchObject({
    expected: '3',
    actual: '-1',
    stack: [{ file: 'test/math.js', line: 7, column: 14 }],
  });
  expect(result.log).toContain('1 passing');
});

test('coverage tells apart what each case ran', async () => {
  using project = new TestProject(files).linkDependencies();
  const { coverage } = await project.run({ ...currentNode, coverage: true });
  const lines = (entries: NonNullable<typeof coverage>['failing'] = []) =>
    entries.map(({ covered }) => covered.find(({ file }) => file === 'src/math.js')?.lines);
  expect(lines(coverage?.failing)).toEqual([[1, 2, 5]]);
  expect(lines(coverage?.passing)).toEqual([[1, 2, 3]]);
});

test('a hook that throws is a failed case of its suite', async () => {
  using project = new TestProject({
    ...files,
    'test/math.js':
      "describe('s', () => {\n  before(() => { throw new Error('no database'); });\n  it('never runs', () => {});\n});",
  }).linkDependencies();
  const { result } = await project.run(currentNode);
  expect(result).toMatchObject({
    outcome: 'failed',
    cases: [{ title: '"before all" hook for "never runs"', message: 'no database' }],
  });
});

test('a selected case is the only one run, with the options of the project', async () => {
  using project = new TestProject(files).linkDependencies();
  const { result } = await project.run({
    ...currentNode,
    selection: [{ file: 'test/math.js', path: 'math > limits' }],
  });
  expect(result).toMatchObject({ outcome: 'passed', cases: [{ title: 'limits' }] });
  expect(result.command).toEqual(expect.arrayContaining(['--timeout', '3000', 'test/math.js']));
});

test('a test that exits the process with success does not pass', async () => {
  using project = new TestProject({
    ...files,
    'test/math.js': "it('first', () => {});\nit('exits', () => process.exit(0));\nit('last', () => {});",
  }).linkDependencies();
  const { result } = await project.run(currentNode);
  expect(result).toMatchObject({
    outcome: 'error',
    reason:
      'the report stops after 1 case during "test/math.js > exits" (exit code 0): a test or the code under test ended the process',
  });
});

test('a module that does not load is an error that quotes it', async () => {
  using project = new TestProject({ ...files, 'src/math.js': 'const x = ;' }).linkDependencies();
  const { result } = await project.run(currentNode);
  expect(result.outcome).toBe('error');
  expect(result.reason).toBe("the runner ended with exit code 1 before any test: SyntaxError: Unexpected token ';'");
});
