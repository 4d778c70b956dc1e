import { expect, test } from 'vitest';
import { beyondPackage } from './package-bounds.ts';

const sources = new Map([
  [
    'packages/a/src/a.js',
    "import { b } from '@shop/b';\nimport '../../../tools/build.js';\nimport fs from 'node:fs';\n",
  ],
  ['packages/b/src/b.js', "const { log } = require('log');\n"],
  ['packages/c/src/c.js', ''],
  ['packages/c/src/deep/d.js', ''],
  ['packages/log/index.js', ''],
  ['tools/build.js', ''],
  ['tools/release.js', ''],
  ['apps/web/main.js', ''],
]);
const packages = new Map([
  ['@shop/a', 'packages/a'],
  ['@shop/b', 'packages/b'],
  ['@shop/c', 'packages/c'],
  ['log', 'packages/log'],
]);

test('a package reaches what it imports, by path and by name; the rest is beyond it, folder by folder', () => {
  expect(beyondPackage({ sources, packages, packagePath: 'packages/a' })).toEqual([
    'apps/',
    'packages/c/',
    'tools/release.js',
  ]);
  expect(beyondPackage({ sources, packages, packagePath: 'packages/log' })).toEqual([
    'apps/',
    'packages/a/',
    'packages/b/',
    'packages/c/',
    'tools/',
  ]);
});
