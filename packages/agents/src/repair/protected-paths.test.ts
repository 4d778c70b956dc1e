import { expect, test } from 'vitest';
import { isProtectedPath } from './protected-paths.ts';

const protectedPaths = [
  'cart.test.ts',
  'src/cart.spec.jsx',
  'src/__tests__/cart.js',
  'src/__tests__/helpers/build.js',
  'src/__snapshots__/cart.test.ts.snap',
  'src/__mocks__/fs.js',
  'tests/test_cart.py',
  'tests/helpers.py',
  'tests/fixtures/data.json',
  'test/cart.js',
  'test/support/build.mjs',
  'packages/cart/test/run.ts',
  'cart/test_total.py',
  'cart/total_test.py',
  'conftest.py',
  'pkg/conftest.py',
  'src/cart-test.js',
  'test.js',
  'vitest.config.ts',
  'vitest.workspace.ts',
  'vite.config.mjs',
  'jest.config.cjs',
  'jest.setup.js',
  'setupTests.ts',
  '.mocharc.yml',
  '.mocharc.json',
  'pytest.ini',
  'tox.ini',
  'setup.cfg',
  'package.json',
  'packages/cart/package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'pyproject.toml',
  'package-lock.json',
  'yarn.lock',
  'poetry.lock',
  'uv.lock',
  'pnpm-lock.yaml',
  'node_modules/left-pad/index.js',
  'src\\cart.test.ts',
  './tests/test_cart.py',
];

const openPaths = [
  'src/cart.ts',
  'src/contest.ts',
  'lib/latest.js',
  'cart.py',
  'cart/attest.py',
  'src/testing-ground.ts',
  'src/specification.py',
  'src/package.ts',
  'src/config.ts',
  'app/exams/models/tests/score.py',
  'index.js',
];

test.each(protectedPaths)('%s is protected', (path) => {
  expect(isProtectedPath(path)).toBe(true);
});

test.each(openPaths)('%s may be repaired', (path) => {
  expect(isProtectedPath(path)).toBe(false);
});
