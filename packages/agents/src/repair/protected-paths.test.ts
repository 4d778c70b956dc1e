import { expect, test } from 'vitest';
import { isProtectedPath, protectedBy } from './protected-paths.ts';

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
  'app/exams/models/tests/score.py',
  'src/deep/er/test/build.js',
  'fixtures/expected.js',
  'src/mocks/clock.ts',
  'lib/testing/server.py',
  'src/test-utils/render.tsx',
  'src/test_helpers/build.py',
  'src/testHelpers/build.js',
  'cypress/support/commands.js',
  'features/steps/cart.py',
  'runtests.py',
  'eslint.config.mjs',
  'Gruntfile.js',
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
  'app/products/models/specs/weight.py',
  'src/features/cart.js',
  'index.js',
];

test.each(protectedPaths)('%s is protected', (path) => {
  expect(isProtectedPath(path)).toBe(true);
});

test.each(openPaths)('%s may be repaired', (path) => {
  expect(isProtectedPath(path)).toBe(false);
});

test('a project protects files and whole folders besides', () => {
  const isProtected = protectedBy(['check.js', 'packages/b/']);
  expect(['check.js', 'packages/b/src/x.js', 'a.test.js', 'src/check.js', 'packages/bc/x.js'].map(isProtected)).toEqual(
    [true, true, true, false, false],
  );
});
