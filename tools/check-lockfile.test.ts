import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifies } from '../e2e/verifies.ts';
import { checkLockfile } from './check-lockfile.ts';
import { fixtureTree } from './fixture-tree.ts';

const ROOT = join(import.meta.dirname, '..');
const HASH = `sha512-${'A'.repeat(86)}==`;

type Entry = Record<string, unknown>;

/** A workspace with one package that depends on `zod` and, under another name, on TypeScript. */
function aWorkspace(change: (lock: Record<string, Entry>) => void = () => {}, manifest: Entry = {}): string {
  const top = {
    name: 'top',
    workspaces: ['packages/a'],
    devDependencies: { typescript: 'npm:@typescript/typescript6@6.0.2' },
  };
  const inner = { name: '@x/a', dependencies: { zod: '4.6.7' }, ...manifest };
  const packages: Record<string, Entry> = {
    '': { ...top },
    'node_modules/@x/a': { resolved: 'packages/a', link: true },
    'node_modules/typescript': { name: '@typescript/typescript6', version: '6.0.2', integrity: HASH },
    'node_modules/zod': { version: '4.6.7', integrity: HASH, optionalDependencies: { 'zod-linux': '4.6.7' } },
    'node_modules/zod-linux': { version: '4.6.7', integrity: HASH, optional: true },
    'packages/a': { name: '@x/a', dependencies: { zod: '4.6.7' } },
  };
  change(packages);
  return fixtureTree({
    'package.json': JSON.stringify(top),
    'packages/a/package.json': JSON.stringify(inner),
    'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }),
  });
}

function messages(root: string): string[] {
  return checkLockfile(root).map(({ message }) => message);
}

test('the lockfile of this repository is complete and in sync', () => {
  verifies('HARD-02');
  expect(messages(ROOT)).toEqual([]);
});

test('a lockfile that agrees with its manifests passes', () => {
  expect(messages(aWorkspace())).toEqual([]);
});

test('a dependency that was added, raised or removed in a manifest alone fails', () => {
  verifies('HARD-02');
  expect(messages(aWorkspace(undefined, { dependencies: { zod: '4.6.7', yaml: '2.9.1' } }))).toEqual([
    'does not agree with the dependencies of packages/a/package.json',
    'lacks yaml, a dependency of packages/a/package.json',
  ]);
  expect(messages(aWorkspace(undefined, { dependencies: { zod: '4.6.8' } }))).toEqual([
    'does not agree with the dependencies of packages/a/package.json',
    'holds zod 4.6.7 where packages/a/package.json pins 4.6.8',
  ]);
  expect(messages(aWorkspace(undefined, { dependencies: {} }))).toEqual([
    'does not agree with the dependencies of packages/a/package.json',
  ]);
});

test('a range in place of a pin fails', () => {
  const range = { dependencies: { zod: '^4.6.7' } };
  const root = aWorkspace((lock) => {
    lock['packages/a'] = { ...range };
  }, range);
  expect(messages(root)).toEqual(['holds zod 4.6.7 where packages/a/package.json pins ^4.6.7']);
});

test('a workspace that the lockfile does not know fails', () => {
  const root = aWorkspace((lock) => {
    delete lock['packages/a'];
  });
  expect(messages(root)).toEqual(['knows nothing of packages/a/package.json']);
});

test.each([
  ['a missing hash', { version: '4.6.7' }, 'has no SHA-512 hash for node_modules/zod'],
  ['a weak hash', { version: '4.6.7', integrity: 'sha1-AAAA' }, 'has no SHA-512 hash for node_modules/zod'],
  [
    'a download address',
    { version: '4.6.7', integrity: HASH, resolved: 'https://mirror.invalid/zod.tgz' },
    'says where node_modules/zod was downloaded',
  ],
])('%s fails', (_, entry, message) => {
  verifies('HARD-02');
  const root = aWorkspace((lock) => {
    lock['node_modules/zod'] = entry;
  });
  expect(messages(root)).toEqual([message]);
});

test('an optional package of another platform that is missing fails, because npm ci refuses it later', () => {
  const root = aWorkspace((lock) => {
    delete lock['node_modules/zod-linux'];
  });
  expect(messages(root)).toEqual(['lacks zod-linux, an optional package of node_modules/zod']);
});

test('a repository without a lockfile fails', () => {
  expect(messages(fixtureTree({ 'package.json': '{}' }))).toEqual(['is missing']);
});
