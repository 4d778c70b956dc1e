// The lint gate is only as good as what it reports: each rule that the style relies on is seen here reporting a
// fault, so that a renamed rule, a dropped plugin or a type checker that does not start cannot pass green.
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifies } from '../e2e/verifies.ts';
import { fixtureTree } from './fixture-tree.ts';

const ROOT = join(import.meta.dirname, '..');
/** oxlint looks for its type checker here, beside itself on PATH. */
const BIN = join(ROOT, 'node_modules', '.bin');
const OXLINT = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint');
const TSC = join(ROOT, 'node_modules', '@typescript', 'native', 'bin', 'tsc');

const FAULTS: Readonly<Record<string, string>> = {
  'typescript/no-floating-promises': `async function work(): Promise<void> {}\nexport function f(): void {\n  work();\n}\n`,
  'typescript/no-misused-promises': `export function f(all: string[], ask: (s: string) => Promise<void>): void {\n  all.forEach(ask);\n}\n`,
  'typescript/no-explicit-any': `export const x: any = 1;\n`,
  'typescript/no-unsafe-assignment': `export const x: number = JSON.parse('1');\n`,
  'typescript/no-unsafe-member-access': `export const x = JSON.parse('{}').a as number;\n`,
  'typescript/no-unsafe-return': `export function f(): string {\n  return JSON.parse('""');\n}\n`,
  'typescript/no-non-null-assertion': `export const f = (x?: string): number => x!.length;\n`,
  'typescript/no-namespace': `export namespace Old {\n  export const x = 1;\n}\n`,
  'typescript/await-thenable': `export async function f(x: number): Promise<void> {\n  await x;\n}\n`,
  'typescript/switch-exhaustiveness-check': `export function f(x: 'a' | 'b'): void {\n  switch (x) {\n    case 'a':\n      break;\n  }\n}\n`,
  'typescript/only-throw-error': `export function f(): never {\n  throw 'text';\n}\n`,
  'typescript/ban-ts-comment': `// @ts-ignore\nexport const x = 1;\n`,
  'typescript/consistent-type-imports': `import { Stats } from 'node:fs';\nexport type X = Stats;\n`,
  'typescript/no-deprecated': `/** @deprecated */\nfunction old(): void {}\nexport function f(): void {\n  old();\n}\n`,
  'eslint/no-unused-vars': `const unused = 1;\nexport {};\n`,
  'eslint/no-console': `console.log('hello');\nexport {};\n`,
  'eslint/no-shadow': `export const x = 1;\nexport function f(x: number): number {\n  return x;\n}\n`,
  'eslint/eqeqeq': `export const f = (x: string): boolean => x == 'a';\n`,
  'eslint/preserve-caught-error': `export function f(): void {\n  try {\n    f();\n  } catch (error) {\n    throw new Error('lost');\n  }\n}\n`,
  'import/no-default-export': `export default 1;\n`,
  'import/no-cycle': `import { b } from './cycle.ts';\nexport const a = (): number => b();\n`,
  'unicorn/prefer-node-protocol': `import { join } from 'path';\nexport { join };\n`,
};

const TSCONFIG = JSON.stringify({
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024'],
    module: 'nodenext',
    noEmit: true,
    strict: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
    typeRoots: [join(ROOT, 'node_modules', '@types')],
    types: ['node'],
  },
});

interface Diagnostic {
  /** Absent for a directive that suppresses nothing. */
  readonly code?: string;
  readonly filename: string;
  readonly severity: string;
}

function fileOf(rule: string): string {
  return `packages/core/src/${rule.replace('/', '-')}.ts`;
}

function lint(files: Readonly<Record<string, string>>): { status: number | null; found: string[] } {
  const root = fixtureTree({ 'tsconfig.json': TSCONFIG, ...files });
  copyFileSync(join(ROOT, '.oxlintrc.json'), join(root, '.oxlintrc.json'));
  const run = spawnSync(process.execPath, [OXLINT, '--format', 'json'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${BIN}:${process.env['PATH'] ?? ''}` },
  });
  const { diagnostics } = JSON.parse(run.stdout) as { diagnostics: readonly Diagnostic[] };
  const found = diagnostics.map(({ code, filename, severity }) => `${filename} ${asRuleName(code)} ${severity}`);
  return { status: run.status, found };
}

/** `typescript-eslint(no-explicit-any)` in a report is `typescript/no-explicit-any` in the configuration. */
function asRuleName(code = 'unused-directive'): string {
  return code.replace('typescript-eslint(', 'typescript(').replace('(', '/').replace(')', '');
}

test('every rule that the style relies on reports its fault as an error', () => {
  verifies('CI-4');
  const files = Object.entries(FAULTS).map(([rule, text]) => [fileOf(rule), text] as const);
  const cycle = `import { a } from './import-no-cycle.ts';\nexport const b = (): number => a();\n`;
  const { status, found } = lint({ ...Object.fromEntries(files), 'packages/core/src/cycle.ts': cycle });
  expect(status).toBe(1);
  expect(found).toEqual(expect.arrayContaining(Object.keys(FAULTS).map((rule) => `${fileOf(rule)} ${rule} error`)));
});

test('a suppression that suppresses nothing is reported', () => {
  const text = `// oxlint-disable-next-line no-console -- the output of this command\nexport const x = 1;\n`;
  const { status, found } = lint({ 'packages/core/src/a.ts': text });
  expect(found).toEqual(['packages/core/src/a.ts unused-directive error']);
  expect(status).toBe(1);
});

test('the command line may print, a configuration file may export a default, and clean code passes', () => {
  const { status, found } = lint({
    'packages/cli/src/main.ts': `console.log('hello');\nexport {};\n`,
    'vitest.config.ts': `export default { test: {} };\n`,
    'packages/core/src/a.ts': `export const double = (x: number): number => 2 * x;\n`,
  });
  expect(found).toEqual([]);
  expect(status).toBe(0);
});

test('the compiler refuses what cannot be erased', () => {
  verifies('CI-4');
  const root = fixtureTree({
    'tsconfig.json': TSCONFIG,
    'enum.ts': `export enum Colour {\n  Red,\n}\n`,
    'property.ts': `export class A {\n  constructor(readonly x: number) {}\n}\n`,
  });
  const run = spawnSync(process.execPath, [TSC, '-p', '.'], { cwd: root, encoding: 'utf8' });
  expect(run.stdout).toMatch(/enum\.ts.*TS1294/u);
  expect(run.stdout).toMatch(/property\.ts.*TS1294/u);
  expect(run.status).not.toBe(0);
});

test('compiler and lint read packages, tools, e2e and their tests', () => {
  verifies('CI-4');
  verifies('HARD-03');
  const run = spawnSync(process.execPath, [TSC, '-p', ROOT, '--listFilesOnly'], { cwd: ROOT, encoding: 'utf8' });
  const files = run.stdout.split('\n').map((path) => path.replace(`${ROOT}/`, ''));
  expect(files).toEqual(
    expect.arrayContaining([
      'packages/cli/src/main.ts',
      'packages/sandbox/src/port.ts',
      'tools/lint-rules.test.ts',
      'e2e/requirements.ts',
    ]),
  );
  const listed = spawnSync(process.execPath, [OXLINT, '--debug=files'], { cwd: ROOT, encoding: 'utf8' });
  for (const path of ['packages/cli/src/main.ts', 'tools/lint-rules.test.ts', 'e2e/requirements.ts']) {
    expect(listed.stdout).toContain(path);
  }
});
