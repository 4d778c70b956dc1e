import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifies } from '../e2e/verifies.ts';
import { checkSources } from './check-sources.ts';
import { fixtureTree } from './fixture-tree.ts';
import { describeProblem } from './source.ts';

const ROOT = join(import.meta.dirname, '..');

test('this repository keeps its house rules', () => {
  verifies('HARD-03');
  verifies('HARD-04');
  const { sources, problems } = checkSources(ROOT);
  expect(sources).toBeGreaterThan(20);
  expect(problems.map(describeProblem)).toEqual([]);
});

test('every rule is wired in and names file and line', () => {
  verifies('HARD-04');
  const root = fixtureTree({
    'packages/protocol/src/a.ts': `\nimport '@vltair/cli';\nexport const now = () => Date.now();\n`,
    'packages/core/src/runtime/b.ts': `export async function f(p: Promise<void>) {\n  await p;\n}\n`,
    'packages/core/src/utils.ts': `try {\n} catch {}\n// @ts-ignore\nexport {};\n`,
    'packages/agents/src/reporter.cjs': `const core = require('@vltair/server');\nmodule.exports = core;\n`,
    'docs/mirror.md': `registry=https://x.invalid\n`,
    'node_modules/foreign/index.ts': `try {} catch {}`,
    'examples/repos/bug/src/utils.ts': `try {} catch {}`,
  });
  expect(checkSources(root).problems.map(({ rule, path, line }) => `${path}:${String(line)} ${rule}`)).toEqual([
    'packages/agents/src/reporter.cjs:1 boundaries',
    'packages/protocol/src/a.ts:2 boundaries',
    'packages/protocol/src/a.ts:3 deterministic-zone',
    'packages/core/src/runtime/b.ts:2 port-awaits',
    'packages/core/src/utils.ts:2 silent-catches',
    'packages/core/src/utils.ts:3 suppressions',
    'packages/core/src/utils.ts:0 file-names',
    'docs/mirror.md:1 registry-hosts',
  ]);
});

test('a file that does not parse is an error, not a pass', () => {
  const root = fixtureTree({ 'tools/broken.ts': 'export const = 1;' });
  expect(() => checkSources(root)).toThrow(/tools\/broken\.ts/u);
});
