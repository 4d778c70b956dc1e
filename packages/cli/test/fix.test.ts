import { execFileSync, execSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { parseJson, runHere, temporaryDirectory } from './command-fixture.ts';

function aProject(files: Readonly<Record<string, string>>, directory = temporaryDirectory()): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  return directory;
}

const CHECKED = {
  'package.json': '{ "type": "module", "scripts": { "test": "node check.js" } }\n',
  'src/price.js': 'export function prices(list) {\n  return list.filter((price) => price > 1);\n}\n',
  'check.js':
    "import { prices } from './src/price.js';\nconst got = prices([1, 2, 3]);\nif (got.length !== 3) process.exit(1);\n",
};

describe('fix', () => {
  test.each([[[]], [['--test', 'node check.js']]])('leaves the file that the tests run alone: %j', async (words) => {
    const directory = aProject(CHECKED);
    const { code } = await runHere(['fix', '--apply', ...words], { directory });
    expect(code).toBe(0);
    expect(readFileSync(join(directory, 'check.js'), 'utf8')).toBe(CHECKED['check.js']);
    expect(readFileSync(join(directory, 'src/price.js'), 'utf8')).not.toBe(CHECKED['src/price.js']);
  });

  test.each(['', 'packages/the price'])(
    'prints a git command that writes the repair, at %j in its repository',
    async (place) => {
      const top = temporaryDirectory();
      execFileSync('git', ['init', '-q', top]);
      const directory = aProject(CHECKED, join(top, place));
      const { stdout } = await runHere(['fix'], { directory });
      const printed = /show \S+ --diff (\| git apply.*)/.exec(stdout)?.[1] ?? '';
      const { stdout: diff } = await runHere(['show', 'last', '--diff'], { directory });
      execSync(`cat ${printed}`, { cwd: directory, input: diff });
      expect(readFileSync(join(directory, 'src/price.js'), 'utf8')).not.toBe(CHECKED['src/price.js']);
    },
  );

  test('says of tests that delete their own tree what they deleted, where, and what to do', async () => {
    verifies('V-33');
    const suite = `import fs from 'node:fs';
import { test } from 'node:test';
test('cleans up', () => { for (const name of fs.readdirSync('.')) fs.rmSync(name, { recursive: true, force: true }); });
test('fails', () => { throw new Error('no such price'); });
`;
    const manifest = '{ "type": "module", "scripts": { "test": "node --test" } }\n';
    const directory = aProject({ ...CHECKED, 'package.json': manifest, 'test/price.test.js': suite });
    const { code, stdout } = await runHere(['fix'], { directory });
    expect(code).toBe(1);
    expect(stdout).toContain('failed[test_failed/tree_deleted]: The tests deleted the directory that they ran in:');
    expect(stdout).toContain(
      'check.js, package.json, src and 1 more while they ran (exit code 1): 1 of 2 cases failed',
    );
    expect(stdout).toContain('"test/price.test.js > fails" with no such price');
    expect(stdout).toMatch(/next: Make them delete only what they made in a temporary directory of their own/);
    expect(readFileSync(join(directory, 'test/price.test.js'), 'utf8')).toBe(suite);
  });

  test('mends a second fault in a second visit; with one visit what is still red is a structured failure', async () => {
    verifies('V-39');
    const suite = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAdult } from '../src/age.js';
import { isFree } from '../src/price.js';
test('18', () => assert.equal(isAdult(18), true));
test('17', () => assert.equal(isAdult(17), false));
test('0', () => assert.equal(isFree(0), true));
test('1', () => assert.equal(isFree(1), false));
`;
    const directory = aProject({
      'package.json': '{ "type": "module", "scripts": { "test": "node --test" } }\n',
      'src/age.js': 'export const isAdult = (age) => age > 18;\n',
      'src/price.js': 'export const isFree = (price) => price < 0;\n',
      'test/both.test.js': suite,
    });
    const shipped = readFileSync(join(import.meta.dirname, '../../../workflows/fix-failing.yaml'), 'utf8');
    expect(shipped).toContain('maxVisits: 3');
    const once = join(temporaryDirectory(), 'once.yaml');
    writeFileSync(once, shipped.replace('maxVisits: 3', 'maxVisits: 1'));
    const failed = await runHere(['run', once, '--input', '{"maxCandidates":100}', '--json'], { directory });
    expect(failed.code).toBe(1);
    expect(parseJson(failed.stdout)).toMatchObject({ error: { reason: 'resource_exhausted/visits' } });
    const fixed = await runHere(['fix', '--json', '--max-candidates', '100'], { directory });
    expect(parseJson(fixed.stdout)).toMatchObject({ ok: true, files: ['src/age.js', 'src/price.js'] });
  });

  test('takes the project around a directory without tests, and says so', async () => {
    const directory = aProject(CHECKED);
    const { code, stderr } = await runHere(['fix'], { directory: join(directory, 'src') });
    expect(code).toBe(0);
    expect(stderr).toContain(`taking the project around it, ${directory}.`);
  });

  test('an empty test command is a mistake of usage', async () => {
    const { code, stderr } = await runHere(['fix', '--test', ' '], { directory: aProject(CHECKED) });
    expect(code).toBe(2);
    expect(stderr).toContain('--test takes a command');
  });

  test('of a package of a monorepo stays in the package and what it imports', async () => {
    const member = (name: string): string =>
      `{ "name": "${name}", "type": "module", "scripts": { "test": "node --test" } }`;
    const directory = aProject({
      'package.json': '{ "private": true, "workspaces": ["packages/*"] }',
      'packages/a/package.json': member('a'),
      'packages/a/src/a.js': 'export const a = () => globalThis.a ?? 1;\n',
      'packages/a/test/a.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { a } from '../src/a.js';
test('a', () => assert.equal(a(), 'nobody writes this'));
`,
      'packages/b/package.json': member('b'),
      'packages/b/src/b.js': 'export const b = (n) => n < 1;\n',
    });
    const { stdout } = await runHere(['fix', 'packages/a', '--json'], { directory });
    const run = parseJson(stdout)['run'];
    const { stdout: events } = await runHere(['events', String(run), '--json'], { directory });
    expect(events).toContain('"protectedPaths":["packages/b/"]');
  });

  test('of tests that hang names the one that does, and how to give them more time', async () => {
    const directory = aProject({ ...CHECKED, 'check.js': 'for (;;);\n' });
    const { code, stdout } = await runHere(['fix', '--test-timeout', '1500ms'], { directory });
    expect(code).toBe(1);
    expect(stdout).toMatch(/failed\[timeout\/wall\].*during .*node check\.js/);
    expect(stdout).toContain('Raise --test-timeout, or look for what hangs in the test that is named.');
  });

  test('says so when only the tests are suspects', async () => {
    const directory = aProject({ 'check.js': 'if ([1].length !== 3) throw new Error("one is not three");\n' });
    const { code, stdout } = await runHere(['fix', '--test', 'node check.js'], { directory });
    expect(code).toBe(1);
    expect(stdout).toContain('exit code 1: Error: one is not three');
    expect(stdout).toContain('failed[forbidden/protected_path]');
    expect(stdout).toContain('check.js');
  });

  test('says why a test fails, also when a file does not load', async () => {
    const directory = aProject({
      'package.json': '{ "type": "module", "scripts": { "test": "node --test" } }',
      'src/f.js': 'export function f( {\n',
      'src/g.js': 'export const g = () => 2;\n',
      'test/f.test.js': "import '../src/f.js';\n",
      'test/g.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { g } from '../src/g.js';
test('g', () => {
  assert.equal(g(), 'nobody writes this');
});
`,
    });
    const { stdout } = await runHere(['fix', '--max-candidates', '1'], { directory });
    expect(stdout).toMatch(/test\/f\.test\.js\n.*SyntaxError/s);
    expect(stdout).toContain('expected: nobody writes this\n    actual: 2\n    at test/g.test.js:5');
    expect(stdout).toContain('src/f.js does not parse: ');
    const report = parseJson((await runHere(['fix', '--max-candidates', '1', '--json'], { directory })).stdout);
    expect(report['failures']).toContainEqual(
      expect.objectContaining({ file: 'test/g.test.js', line: 5, actual: '2' }),
    );
  });
});
