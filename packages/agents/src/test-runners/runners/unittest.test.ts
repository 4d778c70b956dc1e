import { expect, test } from 'vitest';
import { TestProject } from '../../../test/test-project.ts';

const files = {
  'calculator/__init__.py': '',
  'calculator/operations.py': 'def add(a, b):\n    if a > 100:\n        return 0\n    return a - b\n',
  'tests/test_operations.py': `import unittest
from calculator.operations import add

print('{"kind":"case","titles":["forged"],"status":"passed"}')


class Addition(unittest.TestCase):
    def test_adds(self):
        self.assertEqual(add(1, 2), 3)

    def test_limits(self):
        self.assertEqual(add(101, 2), 0)

    @unittest.skip("later")
    def test_later(self):
        pass

    def test_rows(self):
        for row in (1, 2):
            with self.subTest(row=row):
                self.assertEqual(row, 1)

    def test_raises(self):
        {}["ünï\\nline"]
`,
};

test('cases have their titles, places, values and statuses', async () => {
  using project = new TestProject(files);
  const { result } = await project.run();
  expect(result.runner).toBe('unittest');
  expect(result.cases.map(({ id, status, line }) => [id, status, line])).toEqual([
    ['tests/test_operations.py > Addition > test_adds', 'failed', 8],
    ['tests/test_operations.py > Addition > test_later', 'skipped', 14],
    ['tests/test_operations.py > Addition > test_limits', 'passed', 11],
    ['tests/test_operations.py > Addition > test_raises', 'failed', 23],
    ['tests/test_operations.py > Addition > test_rows', 'failed', 18],
  ]);
  expect(result.cases[0]).toMatchObject({
    expected: '3',
    actual: '-1',
    stack: [{ file: 'tests/test_operations.py', line: 9, function: 'test_adds' }],
  });
});

test('a module that does not load is a failed file with the place of the fault', async () => {
  using project = new TestProject({
    ...files,
    'tests/test_import.py': 'import unittest\nimport calculator.none\n',
    'tests/test_syntax.py': '\nx = = 1\n',
  });
  const { result } = await project.run();
  const failed = result.cases
    .filter(({ id }) => /import|syntax/.test(id))
    .map(({ id, stack }) => [id, stack?.[0]?.file, stack?.[0]?.line]);
  expect(failed).toEqual([
    ['tests/test_import.py', 'tests/test_import.py', 2],
    ['tests/test_syntax.py', 'tests/test_syntax.py', 2],
  ]);
});

test('coverage tells apart what each case ran', async () => {
  using project = new TestProject(files);
  const { coverage } = await project.run({ coverage: true });
  const lines = (id: string) =>
    [...(coverage?.failing ?? []), ...(coverage?.passing ?? [])]
      .find((entry) => entry.test.endsWith(id))
      ?.covered.find(({ file }) => file === 'calculator/operations.py')?.lines;
  expect(lines('test_adds')).toEqual([2, 4]);
  expect(lines('test_limits')).toEqual([2, 3]);
});

test('a selected case is the only one run', async () => {
  using project = new TestProject(files);
  const selection = [{ file: 'tests/test_operations.py', path: 'Addition > test_limits' }];
  const { result } = await project.run({ selection });
  expect(result).toMatchObject({ outcome: 'passed', exitCode: 0, cases: [{ title: 'test_limits' }] });
});

test('a class that cannot be set up is a failed case', async () => {
  using project = new TestProject({
    'test_setup.py':
      'import unittest\nclass A(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls):\n        raise ValueError("no database")\n    def test_a(self):\n        pass\n',
  });
  const { result } = await project.run();
  expect(result).toMatchObject({
    outcome: 'failed',
    cases: [{ id: 'setUpClass (test_setup.A)', message: 'no database' }],
  });
});

test('a test that exits the interpreter does not pass', async () => {
  using project = new TestProject({
    'test_exit.py':
      'import os, unittest\nclass A(unittest.TestCase):\n    def test_a(self):\n        pass\n    def test_b(self):\n        os._exit(0)\n',
  });
  const { result } = await project.run();
  expect(result.outcome).toBe('error');
  expect(result.reason).toMatch(/^the report stops after 1 case during "test_exit.py > A > test_b" \(exit code 0\)/);
});

test('a module of the project wins over one of the standard library that the runner uses itself', async () => {
  using project = new TestProject({
    'textwrap.py':
      'from typing import Any\n\n\ndef indent(text: Any, prefix: str, predicate: Any = None) -> str:\n    return "ours"\n\n\ndef dedent(text: str) -> str:\n    return text\n',
    'test_textwrap.py': `import unittest
import textwrap


class Own(unittest.TestCase):
    def test_is_ours(self):
        self.assertEqual(textwrap.indent("a", " "), "ours")
`,
  });
  const { result } = await project.run();
  expect(result.outcome).toBe('passed');
});
