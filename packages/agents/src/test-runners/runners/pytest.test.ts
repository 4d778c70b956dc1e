import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { TestProject } from '../../../test/test-project.ts';

const isInstalled = spawnSync('/usr/bin/python3', ['-m', 'pytest', '--version']).status === 0;
const mayBeAbsent = process.env['CI'] !== 'true';
if (!isInstalled && mayBeAbsent)
  process.stderr.write('pytest is not installed for /usr/bin/python3: its tests are skipped\n');

const files = {
  'conftest.py': '',
  'calculator/__init__.py': '',
  'calculator/operations.py': 'def add(a, b):\n    if a > 100:\n        return 0\n    return a - b\n',
  'tests/test_operations.py': `import pytest
from calculator.operations import add

print('{"kind":"case","titles":["forged"],"status":"passed"}')


def test_adds():
    assert add(1, 2) == 3


class TestLimits:
    @pytest.mark.parametrize("a", [101, "quoted \\" text"])
    def test_limits(self, a):
        assert add(101, 2) == 0


@pytest.mark.skip
def test_later():
    pass


@pytest.mark.xfail
def test_known():
    assert False


@pytest.fixture
def database():
    raise ValueError("no database")


def test_fixture(database):
    pass
`,
};

describe.skipIf(!isInstalled && mayBeAbsent)('pytest', () => {
  test('cases have their titles, places, values and statuses', async () => {
    using project = new TestProject(files);
    const { result } = await project.run();
    expect(result.runner).toBe('pytest');
    expect(
      result.cases.map(({ id, status, line }) => [id.replace('tests/test_operations.py > ', ''), status, line]),
    ).toEqual([
      ['TestLimits > test_limits[101]', 'passed', 12],
      ['TestLimits > test_limits[quoted " text]', 'passed', 12],
      ['test_adds', 'failed', 7],
      ['test_fixture', 'failed', 32],
      ['test_known', 'passed', 22],
      ['test_later', 'skipped', 17],
    ]);
    expect(result.cases[2]).toMatchObject({
      expected: '3',
      actual: '-1',
      stack: [{ file: 'tests/test_operations.py', line: 8, function: 'test_adds' }],
    });
    expect(result.cases[3]).toMatchObject({ message: 'no database', stack: [{ line: 29 }] });
  });

  test('addresses of objects are left out of messages', async () => {
    using project = new TestProject({ 'test_a.py': 'class A:\n    pass\n\ndef test_a():\n    assert A() == 1\n' });
    const { result } = await project.run();
    expect(result.cases[0]?.actual).toBe('<test_a.A object at 0x0>');
  });

  test('a module that does not load is a failed file, and the others run', async () => {
    using project = new TestProject({
      ...files,
      'tests/test_import.py': 'import calculator.none\n',
      'tests/test_syntax.py': '\nx = = 1\n',
    });
    const { result } = await project.run();
    const places = result.cases
      .filter(({ id }) => /import|syntax/.test(id))
      .map(({ stack }) => [stack?.[0]?.file, stack?.[0]?.line]);
    expect(places).toEqual([
      ['tests/test_import.py', 1],
      ['tests/test_syntax.py', 2],
    ]);
    expect(result.cases).toHaveLength(8);
  });

  test('coverage tells apart what each case ran', async () => {
    using project = new TestProject(files);
    const { coverage } = await project.run({ coverage: true });
    const lines = (entries: NonNullable<typeof coverage>['failing'] = []) =>
      entries.map(({ covered }) => covered.find(({ file }) => file === 'calculator/operations.py')?.lines);
    expect(lines(coverage?.failing)).toEqual([[2, 4], undefined]);
    expect(lines(coverage?.passing).slice(0, 2)).toEqual([
      [2, 3],
      [2, 3],
    ]);
  });

  test('a selected parameter is the only one run', async () => {
    using project = new TestProject(files);
    const selection = [{ file: 'tests/test_operations.py', path: 'TestLimits > test_limits[quoted " text]' }];
    const { result } = await project.run({ selection });
    expect(result).toMatchObject({ outcome: 'passed', cases: [{ title: 'test_limits[quoted " text]' }] });
  });

  test('nothing is left in the tree', async () => {
    using project = new TestProject(files);
    await project.run({ coverage: true });
    const listed = spawnSync(
      'find',
      ['.', '-name', '*.pyc', '-o', '-name', '.pytest_cache', '-o', '-name', '.vltair*'],
      { cwd: project.directory, encoding: 'utf8' },
    );
    expect(listed.stdout).toBe('');
  });

  test('a project whose tests hold none has no tests', async () => {
    using project = new TestProject({ 'pytest.ini': '[pytest]\n' });
    const { result } = await project.run();
    expect(result).toMatchObject({ outcome: 'no_tests', exitCode: 5 });
  });
});
