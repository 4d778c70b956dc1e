import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { runCommandLine } from '../src/command-line.ts';
import type { Host, Sink } from '../src/host.ts';

export const BIN = join(import.meta.dirname, '..', 'bin', 'vltair');
const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples', 'repos');

/** How a directory of tests ends. */
interface DirectoryOptions {
  /** Why the runs of its stores are not replayed at the end: what the tests damage on purpose. */
  readonly damaged?: string;
}

/** A file of tests leaves dozens of runs behind. */
const REPLAY_TIMEOUT_MS = 60_000;

const directories = new Map<string, DirectoryOptions>();
afterAll(async () => {
  const done = [...directories];
  directories.clear();
  const whole = done.filter(([, { damaged }]) => damaged === undefined).map(([directory]) => directory);
  for (const store of whole.flatMap(storesBelow)) await expectEmptyReplay(store);
  for (const [directory] of done) rmSync(directory, { recursive: true, force: true });
}, REPLAY_TIMEOUT_MS);

function storesBelow(directory: string): string[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => basename(file) === 'vltair.db').map((file) => dirname(join(directory, file)));
}

/** Every run of a store is replayed through today's code: a difference, or a store that cannot be read, fails the file. */
async function expectEmptyReplay(dataDirectory: string): Promise<void> {
  const circumstances = { directory: dirname(dataDirectory), environment: { VLTAIR_DATA_DIR: dataDirectory } };
  const listed = await runHere(['runs', '--limit', '1000', '--json'], circumstances);
  expect(listed.code, `runs of ${dataDirectory}: ${listed.stdout}${listed.stderr}`).toBe(0);
  const { runs } = JSON.parse(listed.stdout) as { readonly runs: readonly { readonly run: string }[] };
  for (const { run } of runs) {
    const { code, stdout } = await runHere(['replay', run, '--verify', '--json'], circumstances);
    expect(code, `verified replay of ${run}: ${stdout}`).toBe(0);
  }
}

/** A new directory that goes when the test file ends. */
export function temporaryDirectory(options: DirectoryOptions = {}): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'vltair-cli-test-')));
  directories.set(directory, options);
  return directory;
}

/** A copy of an example repository. */
export function exampleCopy(name: string): string {
  const directory = join(temporaryDirectory(), name);
  cpSync(join(EXAMPLES, name), directory, { recursive: true });
  return directory;
}

export interface ProjectOptions extends DirectoryOptions {
  /** How long its test takes. */
  readonly slowMs?: number;
  /** Whether the fault is there. */
  readonly isGreen?: boolean;
  /** What the test asks for. */
  readonly limit?: number;
}

/** A project of one function and its tests, whose fault the first batch of edits finds. */
export function smallProject({ slowMs = 0, isGreen = false, limit = 18, ...rest }: ProjectOptions = {}): string {
  const directory = temporaryDirectory(rest);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  write('package.json', '{ "name": "small", "type": "module", "scripts": { "test": "node --test" } }\n');
  write('src/age.js', `export function mayEnter(age) {\n  return age ${isGreen ? '>=' : '>'} 18;\n}\n`);
  write(
    'test/age.test.js',
    `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayEnter } from '../src/age.js';

test('admits people of ${limit}', async () => {
  await new Promise((resolve) => setTimeout(resolve, ${slowMs}));
  assert.equal(mayEnter(${limit}), true);
});
test('refuses people of 17', () => assert.equal(mayEnter(17), false));
`,
  );
  return directory;
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Circumstances {
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** As a process of its own alone: the command that starts it, such as `unshare --net`. */
  readonly within?: readonly string[];
  /** In process alone: both streams are terminals of this width. */
  readonly columns?: number;
  readonly signal?: AbortSignal;
}

/** Runs a command line in this process, so that its coverage counts. */
export async function runHere(words: readonly string[], circumstances: Circumstances): Promise<Result> {
  const { directory, environment = {}, stdin = '', columns, signal = new AbortController().signal } = circumstances;
  const [stdout, stderr] = [new TextSink(columns), new TextSink(columns)];
  const host: Host = {
    stdout,
    stderr,
    environment: { ...baseEnvironment(), ...environment },
    commandName: 'vltair',
    directory,
    signal,
    readStdin: async () => await Promise.resolve(stdin),
    now: () => Date.now(),
  };
  const code = await runCommandLine(words, host);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

export class TextSink implements Sink {
  text = '';
  isOpen = true;
  readonly isTerminal: boolean;
  readonly columns: number;

  constructor(columns?: number) {
    this.isTerminal = columns !== undefined;
    this.columns = columns ?? 80;
  }

  write(text: string): void {
    this.text += text;
  }
}

export interface Running {
  readonly process: ChildProcess;
  readonly result: Promise<Result>;
  /** Resolves when stderr and stdout together match. */
  until(pattern: RegExp): Promise<string>;
}

/** Starts the real command. */
export function startCommand(
  words: readonly string[],
  { directory, environment = {}, stdin, within = [] }: Circumstances,
): Running {
  const [program, ...first] = [...within, BIN];
  const child = spawn(program, [...first, ...words], { cwd: directory, env: { ...baseEnvironment(), ...environment } });
  let [stdout, stderr] = ['', ''];
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const look of waiting) look();
  });
  child.stdin.on('error', () => {}); // a command that does not read its input closes it
  child.stdin.end(stdin ?? '');
  const result = new Promise<Result>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  const until = async (pattern: RegExp): Promise<string> =>
    await new Promise((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(stderr + stdout)) return;
        waiting.delete(look);
        resolve(stderr + stdout);
      };
      waiting.add(look);
      child.on('close', () => reject(new Error(`ended before ${String(pattern)}: ${stderr}${stdout}`)));
      look();
    });
  return { process: child, result, until };
}

/** Runs the real command to its end. */
export async function runCommand(words: readonly string[], circumstances: Circumstances): Promise<Result> {
  return await startCommand(words, circumstances).result;
}

function baseEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME };
}

export function parseJson(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}
