import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { parseJson, runHere, smallProject, type Result } from './command-fixture.ts';

// Secrets are planted wherever a run can come by them, and looked for wherever they could have gone.

const mixed = 'aB3xK9mQ7zR2wL5tY8pN4vH6jD1gS0fC'.repeat(3);

/** What tests print, by shape; the sources of the tests hold them in two halves, so that these are no findings. */
const PRINTED = {
  aws: 'AKIAIOSFODNN7EXAMPLE',
  github: `ghp_${mixed.slice(0, 36)}`,
  openai: `sk-proj-${mixed.slice(3, 51)}`,
  slack: `xoxb-${mixed.slice(5, 29)}`,
  token: mixed.slice(7, 47),
  webToken: `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${mixed.slice(0, 43)}`,
  address: 'ann.lee@mail.example.org',
  password: 'postgres://ann:s3cretword@db:5432/x',
  operator: 'acme_a1b2c3d4',
};
const WORDS = Object.values({ ...PRINTED, password: 's3cretword' });
/** What stands in the file that is repaired. */
const IN_CODE = `glpat-${mixed.slice(11, 31)}`;
const ENVIRONMENT = { VLTAIR_REDACT_PREFIXES: 'acme_' };

const halves = (text: string): string => `${JSON.stringify(text.slice(0, 5))}.concat(${JSON.stringify(text.slice(5))})`;

/** A project with a fault whose test prints secrets, fails with them and compares them. */
function leakyProject(): string {
  const directory = smallProject();
  writeFileSync(
    join(directory, 'src/age.js'),
    `const key = '${IN_CODE}';\nexport function mayEnter(age) {\n  return age > 18 && key !== '';\n}\n`,
  );
  writeFileSync(
    join(directory, 'test/age.test.js'),
    `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayEnter } from '../src/age.js';
const secrets = [${Object.values(PRINTED).map(halves).join(', ')}];
for (const secret of secrets) {
  console.log('stdout', secret);
  console.error('stderr', secret);
}
test('admits people of 18', () => assert.ok(mayEnter(18), secrets.join(' ')));
test('compares', () => assert.equal(mayEnter(18) ? '' : secrets.join(' '), ''));
test('refuses people of 17', () => assert.equal(mayEnter(17), false));
`,
  );
  return directory;
}

function foundIn(text: string, words: readonly string[] = WORDS): readonly string[] {
  return words.filter((word) => text.includes(word));
}

/** Every byte below a directory. */
function bytesBelow(directory: string): string {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((file) => join(directory, file));
  return files
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, 'latin1'))
    .join('\n');
}

describe('a repair whose tests print secrets', () => {
  let directory = '';
  let fix: Result = { code: null, stdout: '', stderr: '' };
  const ask = async (...words: string[]): Promise<Result> =>
    await runHere(words, { directory, environment: ENVIRONMENT });

  beforeAll(async () => {
    directory = leakyProject();
    fix = await ask('fix', '--max-candidates', '50');
  });

  test('is found, and says which cases fail and why, without them', () => {
    verifies('V-10');
    expect(fix.code, fix.stderr + fix.stdout).toBe(0);
    expect(fix.stdout).toMatch(/admits people of 18\n +<<REDACTED>> <<REDACTED>>/);
    expect(foundIn(fix.stdout + fix.stderr)).toEqual([]);
  });

  test('leaves none of them in the store', async () => {
    verifies('V-10');
    expect((await ask('events', 'last', '--json')).stdout).toContain('stdout <<REDACTED>>\\nstdout <<REDACTED>>');
    expect(foundIn(bytesBelow(join(directory, '.vltair')))).toEqual([]);
  });

  test.each([['show'], ['events'], ['export'], ['replay']])(
    'has none in what %s prints, for people or for programs',
    async (command) => {
      verifies('V-10');
      for (const words of [
        [command, 'last'],
        [command, 'last', '--json'],
      ]) {
        const { code, stdout, stderr } = await ask(...words);
        expect(code).toBe(0);
        expect(foundIn(stdout + stderr)).toEqual([]);
      }
    },
  );

  test('shows its diff without the secret of the code, and says that something is hidden', async () => {
    verifies('V-10');
    for (const columns of [undefined, 100]) {
      const circumstances = { directory, environment: ENVIRONMENT, ...(columns === undefined ? {} : { columns }) };
      const pages = [await runHere(['fix'], circumstances), await runHere(['show', 'last'], circumstances)];
      if (columns !== undefined) pages.push(await runHere(['show', 'last', '--diff'], circumstances));
      for (const { stdout, stderr } of pages) {
        expect(stdout).toContain(" const key = '<<REDACTED>>';");
        expect(stdout).toMatch(/<<REDACTED>> stands for what looks like a secret/);
        expect(foundIn(stdout + stderr, [IN_CODE])).toEqual([]);
      }
    }
    expect(fix.stdout).toContain('+  return age >= 18');
  });

  test('is applied, exported and piped to git with the code as it is', async () => {
    verifies('V-10');
    const { stdout: diff } = await ask('show', 'last', '--diff');
    expect(diff).toContain(` const key = '${IN_CODE}';`);
    expect(diff).not.toContain('<<REDACTED>>');
    expect(parseJson((await ask('show', 'last', '--json')).stdout)['diff']).toBe(diff);
    expect((await ask('fix', '--apply')).stdout).toContain('written: src/age.js');
    const written = readFileSync(join(directory, 'src/age.js'), 'utf8');
    expect(written).toContain(`const key = '${IN_CODE}';`);
    expect(written).toContain('age >= 18');
  });
});

describe('a task that fails with a secret', () => {
  const refused = { agent: 'codegen', payload: { action: 'create', target: `${PRINTED.github}.js`, content: '(' } };
  const broken = { agent: 'test-exec', payload: { action: 'run' } };
  const suite = `process.exitCode = 3; console.error('Error: no access with', ${halves(PRINTED.github)});`;

  test.each([
    ['the agent refuses its input', refused],
    ['the runner ends with an error', broken],
  ])('%s: neither the log nor the answer has it', async (_, body) => {
    verifies('V-10');
    const directory = smallProject();
    writeFileSync(join(directory, 'test/age.test.js'), suite);
    const task = { type: 'AgentTask', id: 't', protocolVersion: 1, ...body };
    const circumstances = { directory, stdin: JSON.stringify(task) };
    const answers = [
      await runHere(['run', '--file', '-'], circumstances),
      await runHere(['run', '--file', '-', '--json'], circumstances),
      await runHere(['show', 'last'], circumstances),
    ];
    for (const { stdout, stderr } of answers) expect(foundIn(stdout + stderr)).toEqual([]);
    const { stdout } = await runHere(['events', 'last', '--json'], circumstances);
    const failures = stdout.split('\n').filter((line) => line.includes('"failure"'));
    expect(failures.length).toBeGreaterThan(0);
    expect(foundIn(failures.join('\n'))).toEqual([]);
    expect(failures.join('\n')).toContain('<<REDACTED>>');
  });
});

test('data that nodes work with is in the log as it is, and on a screen without its secrets', async () => {
  verifies('V-10');
  const payload = { action: 'create', target: `${PRINTED.github}.js`, content: 'export const a = 1;\n' };
  const task = { type: 'AgentTask', id: 't', protocolVersion: 1, agent: 'codegen', payload };
  const circumstances = { directory: smallProject(), stdin: JSON.stringify(task) };
  const page = await runHere(['run', '--file', '-'], circumstances);
  expect(page.stdout).toContain('"target": "<<REDACTED>>.js"');
  expect(foundIn(page.stdout + page.stderr)).toEqual([]);
  const exact = await runHere(['run', '--file', '-', '--json'], circumstances);
  expect(parseJson(exact.stdout)).toMatchObject({ result: { output: { target: payload.target } } });
});
