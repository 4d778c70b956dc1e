// Preloaded into every process of `node --test`; in the one that runs a test file, root hooks measure each case.
import process from 'node:process';

if (process.env.NODE_TEST_CONTEXT !== undefined) {
  const { afterEach, beforeEach } = await import('node:test');
  const { default: coverage } = await import('./case-coverage.cjs');
  beforeEach(() => coverage.begin());
  afterEach((context) => coverage.end(process.argv[1], [context.fullName ?? context.name]));
}
