import { expect, test } from 'vitest';
import { parseStack } from './stack-trace.ts';
import { workspacePaths } from './workspace-paths.ts';

const paths = workspacePaths(['/work/clone', '/work'], 'packages/a');

test('V8 frames keep the workspace, innermost first, without dependencies and internals', () => {
  const frames = parseStack(
    `AssertionError: no
    at add (file:///work/clone/src/a%20b.js:3:9)
    at async Promise.all (index 0)
    at Object.<anonymous> (/work/clone/test/a.test.js:10:5)
    at async /work/clone/src/c.ts:7:1
    at run (/work/clone/node_modules/mocha/lib/x.js:1:1)
    at node:internal/process/task_queues:95:5
    at new Promise (<anonymous>)`,
    paths,
  );
  expect(frames).toEqual([
    { file: 'src/a b.js', line: 3, column: 9, function: 'add' },
    { file: 'test/a.test.js', line: 10, column: 5, function: 'Object.<anonymous>' },
    { file: 'src/c.ts', line: 7, column: 1 },
  ]);
});

test('the place of a syntax error counts as a frame', () => {
  expect(parseStack('file:///work/clone/src/a.js:12\nconst x = ;\nSyntaxError: Unexpected token', paths)).toEqual([
    { file: 'src/a.js', line: 12 },
  ]);
  expect(parseStack('   ╭─[ src/a.ts:1:11 ]\n   │', paths)).toEqual([
    { file: 'packages/a/src/a.ts', line: 1, column: 11 },
  ]);
});

test('Python frames are turned innermost first', () => {
  const frames = parseStack(
    'Traceback:\n  File "/work/clone/t.py", line 9, in test\n    f()\n  File "/work/clone/m.py", line 2, in f\n  File "/usr/lib/python3/x.py", line 1, in g\n',
    paths,
  );
  expect(frames).toEqual([
    { file: 'm.py', line: 2, function: 'f' },
    { file: 't.py', line: 9, function: 'test' },
  ]);
});

test('a line of a megabyte costs no time', () => {
  const started = performance.now();
  parseStack(`    at ${'(a:1'.repeat(250_000)}`, paths);
  expect(performance.now() - started).toBeLessThan(200);
});
