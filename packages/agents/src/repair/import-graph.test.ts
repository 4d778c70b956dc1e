import { expect, test } from 'vitest';
import { importDistances, importsOf } from './import-graph.ts';

const sources = new Map([
  [
    'src/a.ts',
    "import { b } from './b.js';\nexport * from './lib';\nconst c = require('./c');\nawait import('./d.mjs');\nimport x from 'fast-check';\n",
  ],
  ['src/b.ts', "import './a.js';\n"],
  ['src/lib/index.ts', ''],
  ['src/c.cjs', ''],
  ['src/d.mjs', ''],
  [
    'app/main.py',
    'import app.core.rules as rules, os\nfrom .core import (\n    text,\n    missing,\n)\nfrom helpers import x\n',
  ],
  ['app/core/__init__.py', ''],
  ['app/core/rules.py', ''],
  ['app/core/text.py', 'from ..main import y\n'],
  ['src/helpers.py', ''],
]);

test('scripts reach files by relative specifiers, built names and folders', () => {
  expect(importsOf('src/a.ts', sources)).toEqual(['src/b.ts', 'src/c.cjs', 'src/d.mjs', 'src/lib/index.ts']);
});

test('Python reaches modules from the root, from src and relatively', () => {
  expect(importsOf('app/main.py', sources)).toEqual([
    'app/core/__init__.py',
    'app/core/rules.py',
    'app/core/text.py',
    'src/helpers.py',
  ]);
  expect(importsOf('app/core/text.py', sources)).toEqual(['app/main.py']);
});

test('distances count imports and survive cycles', () => {
  const distances = importDistances(['src/b.ts', 'nowhere.ts'], sources);
  expect(distances.get('src/a.ts')).toBe(1);
  expect(distances.get('src/c.cjs')).toBe(2);
  expect(distances.has('app/main.py')).toBe(false);
});
