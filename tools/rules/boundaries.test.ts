import { expect, test } from 'vitest';
import { parseSource } from '../source.ts';
import { checkBoundaries, importsOf } from './boundaries.ts';

function messages(path: string, text: string): string[] {
  return checkBoundaries([parseSource(path, text)]).map(({ message }) => message);
}

test('imports along the arrows pass', () => {
  expect(messages('packages/core/src/a.ts', `import { x } from '@vltair/protocol'; import './b.ts'; x();`)).toEqual([]);
  expect(messages('packages/server/src/a.ts', `export * from '@vltair/agents'; import 'node:fs';`)).toEqual([]);
  expect(messages('packages/cli/src/a.ts', `import { serve } from '@vltair/server'; serve();`)).toEqual([]);
});

test.each([
  ['a value', `import { x } from '@vltair/core'; x();`],
  ['a type', `import type { X } from '@vltair/core'; export type Y = X;`],
  ['a re-export', `export { x } from '@vltair/core';`],
  ['a star', `export * from '@vltair/core';`],
  ['a dynamic import', `await import('@vltair/core');`],
  ['an import type', `export type Y = import('@vltair/core').X;`],
  ['a require', `require('@vltair/core');`],
])('an import against the arrows fails as %s', (_, text) => {
  expect(messages('packages/protocol/src/a.ts', text)).toEqual(['protocol may not import core']);
});

test('a package imports another by its name, never its files', () => {
  expect(messages('packages/core/src/a.ts', `import '@vltair/protocol/src/ids.ts';`)).toEqual([
    `'@vltair/protocol/src/ids.ts' reaches inside protocol; import '@vltair/protocol'`,
  ]);
  expect(messages('packages/core/src/a.ts', `import '../../protocol/src/ids.ts';`)).toEqual([
    `'../../protocol/src/ids.ts' leaves packages/core/; import another package by its name`,
  ]);
  expect(messages('packages/core/src/a.ts', `new URL('../../protocol/src/w.ts', import.meta.url);`)).toHaveLength(1);
});

test('a test, and only a test, may import the claims', () => {
  const text = `import { verifies } from '../../../e2e/verifies.ts'; verifies('V-01');`;
  expect(messages('packages/core/src/a.test.ts', text)).toEqual([]);
  expect(messages('packages/core/test/a.ts', text)).toEqual([]);
  expect(messages('packages/core/src/a.ts', text)).toHaveLength(1);
  expect(messages('packages/core/src/a.test.ts', `import '../../../e2e/other.ts';`)).toHaveLength(1);
});

test('a package without a place in the table fails', () => {
  expect(messages('packages/extra/src/a.ts', `import '@vltair/core';`)).toEqual([
    `package 'extra' is missing from MAY_IMPORT`,
  ]);
});

test('words in comments and strings are no imports', () => {
  const source = parseSource(
    'packages/core/src/a.ts',
    `// import '@vltair/cli';\nexport const x = "import '@vltair/cli'";`,
  );
  expect(importsOf(source)).toEqual([]);
});
