// Everything that docs/workflows.md shows is true: its workflows are checked and played, its TypeScript is compiled and run,
// its commands print what stands there.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs', 'workflows.md'), 'utf8');
// Inside of the repository, where the packages are found.
const scratch = join(root, '.vltair');
mkdirSync(scratch, { recursive: true });
const directory = mkdtempSync(join(scratch, 'guide-'));
afterAll(() => rmSync(directory, { recursive: true }));

interface Block {
  /** Of the block in the page. */
  readonly line: number;
  readonly text: string;
}

function blocksOf(language: string): readonly Block[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map((found) => ({
    line: page.slice(0, found.index).split('\n').length,
    text: found[1] ?? '',
  }));
}

const nameSchema = z.looseObject({ name: z.string() });

/** A workflow is named by itself; anything else in YAML is the policy. */
const files = blocksOf('yaml').map(({ line, text }) => {
  const named = nameSchema.safeParse(parse(text));
  return { line, text, file: `${named.data?.name ?? 'policy'}.yaml` };
});
const [prelude, ...tests] = blocksOf('ts');
const modules = tests.map(({ line, text }) => ({ line, text, file: `line-${line}.ts` }));
const commands = blocksOf('console').flatMap(({ line, text }) =>
  text
    .split(/^\$ /m)
    .slice(1)
    .map((shown) => {
      const [command = '', ...output] = shown.split('\n');
      return { line, command, output: output.join('\n') };
    }),
);

/** One process for all of them: they only share what they load. */
const RUNNER = `
const faults: [string, string][] = [];
for (const file of process.argv.slice(2))
  await import('./' + file).then(
    () => faults.push([file, '']),
    (error: unknown) => faults.push([file, String(error instanceof Error ? error.stack : error)]),
  );
console.log(JSON.stringify(faults));
`;
const faultsSchema = z.array(z.tuple([z.string(), z.string()]));

function run(command: string, parameters: readonly string[]) {
  const env = { ...process.env, VLTAIR_DATA_DIR: join(directory, 'data') };
  return spawnSync(command, parameters, { cwd: directory, encoding: 'utf8', timeout: 100_000, env });
}

beforeAll(() => {
  for (const { file, text } of files) writeFileSync(join(directory, file), text);
  for (const { file, text } of modules) writeFileSync(join(directory, file), `${prelude?.text}${text}\nexport {};\n`);
});

test('there is a block of every kind, no two of a name, and none of another language', () => {
  const languages = new Set([...page.matchAll(/^```(\w+)$/gm)].map(([, language = '']) => language));
  expect([...languages].toSorted()).toEqual(['console', 'ts', 'yaml']);
  expect(new Set(files.map(({ file }) => file)).size).toBe(files.length);
  expect(files.length).toBeGreaterThan(12);
});

test('every workflow that can run is played, and the policy is used', () => {
  const played = modules.map(({ text }) => text).join('\n');
  for (const { file } of files) if (file !== 'broken.yaml') expect(played, file).toContain(`'${file}'`);
});

test('the TypeScript compiles', () => {
  const options = { noUnusedLocals: false, noPropertyAccessFromIndexSignature: true };
  const project = { extends: '../../tsconfig.json', compilerOptions: options, include: ['line-*.ts'], exclude: [] };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(project));
  const compiler = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
  const { stdout } = run(process.execPath, [compiler, '-p', 'tsconfig.json']);
  expect(stdout).toBe('');
});

describe('each test of the page', () => {
  const faults = new Map<string, string>();
  beforeAll(() => {
    writeFileSync(join(directory, 'all.ts'), RUNNER);
    const { stdout, stderr } = run(process.execPath, ['all.ts', ...modules.map(({ file }) => file)]);
    expect(stderr).toBe('');
    for (const [file, fault] of faultsSchema.parse(JSON.parse(stdout))) faults.set(file, fault);
  });

  test.each(modules)('line $line', ({ file }) => {
    expect(faults.get(file)).toBe('');
  });
});

describe.each(commands)('line $line: $command', ({ command, output }) => {
  test('prints what stands there', () => {
    const words = command.match(/'[^']*'|\S+/g) ?? [];
    const [program, ...parameters] = words.map((word) => word.replace(/^'(.*)'$/, '$1'));
    expect(program).toBe('vltair');
    const { stdout } = run(process.execPath, [join(root, 'packages/cli/bin/vltair'), ...parameters]);
    const expected = output.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    expect(stdout).toMatch(new RegExp(`^${expected.join('[^"]*')}$`));
  });
});
