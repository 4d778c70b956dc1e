import { describe, expect, test } from 'vitest';
import { nodesUnderTest } from '../../../test/test-nodes.ts';
import { TestProject } from '../../../test/test-project.ts';

const math = `export function add(a, b) {
  if (a > 100) {
    return 0;
  }
  return a - b;
}
export const multiply = (a, b) => a * b;
`;

const suite = `import { describe, it, test } from 'node:test';
import assert from 'node:assert/strict';
import { add, multiply } from '../src/math.js';
console.log('{"kind":"case","titles":["forged"],"status":"passed"}');
describe('math', () => {
  describe('inner', () => {
    it('adds "quoted" ünï\\nline', () => {
      assert.equal(add(1, 2), 3);
    });
    it.skip('later', () => {});
    it.todo('someday');
  });
  it('multiplies', () => assert.equal(multiply(2, 3), 6));
});
test('parent', async (context) => {
  await context.test('child', () => assert.equal(add(101, 2), 0));
});
`;

const files = {
  'package.json': '{"type":"module","scripts":{"test":"node --test test/*.test.js"}}',
  'src/math.js': math,
  'test/math.test.js': suite,
};

describe.each(nodesUnderTest())('node:test on $name', ({ environment, installation }) => {
  test('cases have their titles, places, values and statuses', async () => {
    using project = new TestProject(files);
    const { result } = await project.run({ environment, installation });
    expect(result.outcome).toBe('failed');
    expect(result.cases.map(({ id, status }) => [id, status])).toEqual([
      ['test/math.test.js > math > inner > adds "quoted" ünï\nline', 'failed'],
      ['test/math.test.js > math > inner > later', 'skipped'],
      ['test/math.test.js > math > inner > someday', 'skipped'],
      ['test/math.test.js > math > multiplies', 'passed'],
      ['test/math.test.js > parent > child', 'passed'],
    ]);
    expect(result.cases[0]).toMatchObject({ file: 'test/math.test.js', line: 7, expected: '3', actual: '-1' });
    expect(result.cases[0]?.stack).toEqual([
      expect.objectContaining({ file: 'test/math.test.js', line: 8, column: 14 }),
    ]);
  });

  test('a missing import and a syntax error are failed files with the place of the fault', async () => {
    using project = new TestProject({
      ...files,
      'test/import.test.js': "import '../src/none.js';",
      'test/syntax.test.js': '\nconst x = ;',
    });
    const { result } = await project.run({ environment, installation });
    const byId = new Map(result.cases.map((testCase) => [testCase.id, testCase]));
    expect(byId.get('test/import.test.js')?.status).toBe('failed');
    expect(byId.get('test/import.test.js')?.message).toContain('ERR_MODULE_NOT_FOUND');
    expect(byId.get('test/syntax.test.js')).toMatchObject({
      status: 'failed',
      stack: [{ file: 'test/syntax.test.js', line: 2 }],
    });
    expect(byId.get('test/math.test.js > math > multiplies')?.status).toBe('passed');
  });

  test('a test that exits the process fails its file', async () => {
    using project = new TestProject({
      ...files,
      'test/exit.test.js':
        "import test from 'node:test';\ntest('exits', () => process.exit(0));\ntest('never runs', () => {});",
    });
    const { result } = await project.run({ environment, installation });
    expect(result.cases.filter(({ file, status }) => file === 'test/exit.test.js' && status === 'passed')).toEqual([]);
    expect(result.outcome).toBe('failed');
  });

  test('coverage tells apart what each case ran', async () => {
    using project = new TestProject(files);
    const { coverage } = await project.run({ environment, installation, coverage: true });
    const lines = (entries: typeof coverage extends undefined ? never : NonNullable<typeof coverage>['failing']) =>
      entries.map(({ test: id, covered }) => [id, covered.find(({ file }) => file === 'src/math.js')?.lines]);
    expect(lines(coverage?.failing ?? [])).toEqual([
      ['test/math.test.js > math > inner > adds "quoted" ünï\nline', [1, 2, 5]],
    ]);
    expect(lines(coverage?.passing ?? [])).toEqual([
      ['test/math.test.js > math > multiplies', [7]],
      ['test/math.test.js > parent > child', [1, 2, 3]],
    ]);
  });

  test('a selected case is the only one told', async () => {
    using project = new TestProject(files);
    const selection = [{ file: 'test/math.test.js', path: 'math > multiplies' }];
    const { result } = await project.run({ environment, installation, selection });
    expect(result).toMatchObject({ outcome: 'passed', cases: [{ title: 'multiplies' }] });
  });
});
