// dependency-cruiser reads TypeScript through the compiler API of the package named `typescript`. With a version that
// it does not know it skips every .ts file and passes over nothing; this file fails then.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fixtureTree } from './fixture-tree.ts';
import { MAY_IMPORT, importsOf } from './rules/boundaries.ts';
import { readSources } from './source.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['packages', 'tools', 'e2e', 'bench', 'examples'];
const CRUISER = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');

interface Cruise {
  readonly violations: readonly string[];
  readonly modules: number;
  readonly edges: readonly string[];
}

interface Report {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly rule: { readonly name: string } }[];
  };
  readonly modules: readonly {
    readonly source: string;
    readonly dependencies: readonly { readonly resolved: string }[];
  }[];
}

function cruise(root: string, folders: readonly string[]): Cruise {
  const { stdout, stderr } = runCruiser(root, 'json', folders);
  if (stdout === '') throw new Error(stderr);
  const report = JSON.parse(stdout) as Report;
  return {
    violations: report.summary.violations.map(({ rule }) => rule.name).toSorted(),
    modules: report.summary.totalCruised,
    edges: report.modules.flatMap(({ source, dependencies }) =>
      dependencies.map(({ resolved }) => `${source} -> ${resolved}`),
    ),
  };
}

function runCruiser(root: string, output: string, folders: readonly string[]): SpawnSyncReturns<string> {
  const config = join(ROOT, '.dependency-cruiser.cjs');
  return spawnSync(process.execPath, [CRUISER, '--config', config, '--output-type', output, ...folders], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
}

test('the cruise sees every TypeScript module and the edges between them', () => {
  const { violations, modules, edges } = cruise(ROOT, FOLDERS);
  const sources = readSources(ROOT).filter(({ path }) => FOLDERS.includes(path.split('/')[0] ?? ''));
  const relative = sources.flatMap((source) => importsOf(source)).filter(({ specifier }) => specifier.startsWith('./'));

  expect(violations).toEqual([]);
  expect(modules).toBeGreaterThanOrEqual(sources.length);
  expect(edges.length).toBeGreaterThanOrEqual(relative.length);
  expect(edges).toContain('tools/check-sources.ts -> tools/rules/boundaries.ts');
  expect(edges).toContain('tools/check-sources.test.ts -> e2e/verifies.ts');
});

test('each rule of the cruise refuses what it names', () => {
  const root = fixtureTree({
    'tsconfig.json': '{ "compilerOptions": { "module": "nodenext", "allowImportingTsExtensions": true } }',
    'packages/core/src/index.ts': `import '../../sandbox/src/index.ts'; import './cycle.ts'; import './missing.ts';`,
    'packages/core/src/cycle.ts': `import './index.ts'; import '../../protocol/src/inner.ts'; import './a.test.ts';`,
    'packages/core/src/a.test.ts': `import '../../../e2e/verifies.ts'; import '../../../e2e/other.ts';`,
    'packages/core/src/stray.ts': `import type { Check } from '../../../tools/check.ts'; export type X = Check;`,
    'packages/protocol/src/inner.ts': `export {};`,
    'packages/sandbox/src/index.ts': `export {};`,
    'e2e/verifies.ts': `export {};`,
    'e2e/other.ts': `export {};`,
    'tools/check.ts': `export type Check = 1;`,
  });
  const { violations } = cruise(root, ['packages', 'tools', 'e2e']);
  expect([...new Set(violations)]).toEqual([
    'arrows-of-core',
    'no-cycles',
    'packages-by-name',
    'packages-stand-alone',
    'resolvable',
    'sources-do-not-import-tests',
    'tests-cite-claims-only',
  ]);
});

test('a violation is a failed exit, as the verify script needs it', () => {
  const root = fixtureTree({ 'tools/a.ts': `import './missing.ts';` });
  expect(runCruiser(root, 'err', ['tools']).status).toBe(1);
});

test('both boundary checks hold the same table', () => {
  const config = createRequire(import.meta.url)(join(ROOT, '.dependency-cruiser.cjs')) as {
    forbidden: { name: string; to: { pathNot?: string } }[];
  };
  const arrows = config.forbidden.filter(({ name }) => name.startsWith('arrows-of-'));
  const table = arrows.map(({ name, to }) => {
    const names = /\((.*)\)/u.exec(to.pathNot ?? '')?.[1]?.split('|') ?? [];
    return [name.slice('arrows-of-'.length), names.slice(1)];
  });
  expect(Object.fromEntries(table)).toEqual(MAY_IMPORT);
});
