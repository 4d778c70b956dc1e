import { describe, expect, test } from 'vitest';
import { parseSource } from '../source.ts';
import { checkFileNames } from './file-names.ts';
import { checkRegistryHosts } from './registry-hosts.ts';
import { checkSuppressions } from './suppressions.ts';

describe('suppressions carry rule and reason', () => {
  const faults = (comment: string): number =>
    checkSuppressions([parseSource('packages/core/src/a.ts', `${comment}\nexport const x = 1;`)]).length;

  test.each([
    '// @ts-ignore',
    '// @ts-ignore TS2322 -- because I say so today',
    '// @ts-nocheck',
    '// @ts-expect-error',
    '// @ts-expect-error wrong type',
    '// @ts-expect-error TS2322',
    '// @ts-expect-error TS2322 -- short',
    '/* oxlint-disable */',
    '// oxlint-disable-next-line no-console',
    '// oxlint-disable-next-line -- the terminal is the output',
    '// eslint-disable-next-line no-console -- the terminal is the output',
    '/* v8 ignore next */',
  ])('refuses %s', (comment) => {
    expect(faults(comment)).toBe(1);
  });

  test.each([
    '// @ts-expect-error TS2322 -- a number is no run id',
    '// oxlint-disable-next-line no-console -- the terminal is the output',
    '// oxlint-disable-next-line no-console, typescript/no-explicit-any -- the library is untyped',
    '/* v8 ignore next -- reached on Windows only */',
    '// prose that mentions oxlint-disable in passing',
  ])('allows %s', (comment) => {
    expect(faults(comment)).toBe(0);
  });
});

describe('file names', () => {
  test.each([
    'packages/core/src/utils.ts',
    'packages/core/src/string-helpers.ts',
    'packages/core/src/common/ids.ts',
    'packages/core/src/run-manager.ts',
    'packages/core/src/runManager.ts',
    'packages/core/src/BudgetLedger.ts',
  ])('refuses %s', (path) => {
    expect(checkFileNames([path])).toHaveLength(1);
  });

  test('allows a concept in kebab-case', () => {
    expect(checkFileNames(['packages/core/src/budget-ledger.test.ts', 'vitest.config.ts', 'README.md'])).toEqual([]);
  });
});

describe('registry hosts', () => {
  // Put together here, so that this file names none either.
  const host = ['registry', 'npmjs', 'org'].join('.');
  const mirror = ['artifactory', 'corp', 'net'].join('.');
  const resolved = '"resolved": ';

  test.each([
    `see https://${host}/knip`,
    'registry=https://mirror.invalid/',
    '@vltair:registry = https://mirror.invalid/',
    `https://${mirror}/api/npm`,
    `      ${resolved}"https://host/x.tgz",`,
  ])('refuses %s', (text) => {
    expect(checkRegistryHosts([{ path: 'docs/a.md', text }])).toHaveLength(1);
  });

  test('allows reserved names and links inside the repository', () => {
    const text = `npm config set registry https://registry.example/npm\n${resolved}"packages/core"`;
    expect(checkRegistryHosts([{ path: 'docs/a.md', text }])).toEqual([]);
  });
});
