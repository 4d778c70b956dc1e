// Runs a small repository under this repository's own coverage configuration, to see the floors hold.
import { spawnSync } from 'node:child_process';
import { globSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifies } from '../e2e/verifies.ts';
import { COVERAGE_EXCLUSIONS } from './coverage-exclusions.ts';
import { fixtureTree } from './fixture-tree.ts';

const ROOT = join(import.meta.dirname, '..');

/** Ten functions, of which the test calls the first `called`. */
function aPackage(name: string, called: number): Record<string, string> {
  const names = Array.from({ length: 10 }, (_, index) => `f${String(index)}`);
  const functions = names.map((f) => `export function ${f}(): number {\n  return 1;\n}\n`).join('');
  const calls = names
    .slice(0, called)
    .map((f) => `subject.${f}();`)
    .join(' ');
  return {
    [`packages/${name}/src/subject.ts`]: functions,
    [`packages/${name}/src/subject.test.ts`]: `import { test } from 'vitest';\nimport * as subject from './subject.ts';\ntest('calls', () => { ${calls} });\n`,
  };
}

function runTests(
  files: Readonly<Record<string, string>>,
  ...options: string[]
): { status: number | null; output: string } {
  const root = fixtureTree({
    ...files,
    'vitest.config.ts': `export { default } from ${JSON.stringify(join(ROOT, 'vitest.config.ts'))};\n`,
    'tools/fail-on-warning.ts': `import ${JSON.stringify(join(ROOT, 'tools', 'fail-on-warning.ts'))};\n`,
  });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const run = spawnSync(process.execPath, [vitest, 'run', '--root', root, ...options], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status: run.status, output: run.stdout + run.stderr };
}

describe('coverage floors', () => {
  test('nine of ten functions pass everywhere', () => {
    const { status, output } = runTests({ ...aPackage('core', 9), ...aPackage('agents', 9) }, '--coverage');
    expect(output).toContain('2 passed');
    expect(status).toBe(0);
  });

  test('eight of ten functions fail the overall floor', () => {
    verifies('V-58');
    const { status, output } = runTests(aPackage('agents', 8), '--coverage');
    expect(output).toMatch(/functions \(80%\) does not meet global threshold \(85%\)/u);
    expect(status).toBe(1);
  });

  test('core has a floor of its own, which other packages cannot lift', () => {
    verifies('CI-11');
    verifies('V-71');
    const { status, output } = runTests({ ...aPackage('core', 8), ...aPackage('agents', 10) }, '--coverage');
    expect(output).toMatch(/functions \(80%\) does not meet "packages\/core\/src\/\*\*" threshold \(90%\)/u);
    expect(status).toBe(1);
  });

  test('a source that no test loads counts as uncovered', () => {
    const { 'packages/server/src/subject.ts': unloaded = '' } = aPackage('server', 0);
    const { status, output } = runTests(
      { ...aPackage('agents', 10), 'packages/server/src/a.ts': unloaded },
      '--coverage',
    );
    expect(output).toMatch(/functions \(50%\) does not meet global threshold/u);
    expect(status).toBe(1);
  });
});

test('every exclusion matches a file and says why', () => {
  verifies('V-58');
  for (const { path, reason } of COVERAGE_EXCLUSIONS) {
    expect(reason.split(' ').length, path).toBeGreaterThanOrEqual(4);
    expect(globSync(path, { cwd: ROOT }), path).not.toEqual([]);
  }
});

describe('warnings during the tests', () => {
  const warns = (statement: string): Record<string, string> => ({
    'packages/core/src/a.test.ts': `import { test } from 'vitest';\ntest('warns', async () => { ${statement} await new Promise((done) => { setTimeout(done, 50); }); });\n`,
  });

  test('fail the run', () => {
    verifies('CI-1');
    const { status, output } = runTests(warns(`process.emitWarning('old', 'DeprecationWarning');`));
    expect(output).toContain('a warning fails the tests: DeprecationWarning: old');
    expect(status).toBe(1);
  });

  test('of a leaking emitter fail the run', () => {
    const leak = `for (let i = 0; i < 20; i++) process.on('SIGWINCH', () => {});`;
    const { status, output } = runTests(warns(leak));
    expect(output).toContain('MaxListenersExceededWarning');
    expect(status).toBe(1);
  });

  test('pass where the list of allowed warnings names them', () => {
    const { status, output } = runTests(warns(`await import('node:sqlite');`));
    expect(output).not.toContain('ExperimentalWarning');
    expect(status).toBe(0);
  });
});
