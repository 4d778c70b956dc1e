import { basename, extname } from 'node:path';
import type { PackageManifest } from './package-manifest.ts';
import type { ProjectFiles } from './project-files.ts';
import { simpleCommands, type SimpleCommand } from './shell-words.ts';
import type { TestRunner } from './test-command.ts';

/** What a package.json script says about running tests. */
export interface ScriptedRunner {
  readonly runner: TestRunner;
  readonly nodeOptions: readonly string[];
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** `npm test --workspaces` and its spellings: the script stands for the packages' own tests. */
export function runsWorkspaces(script: string): boolean {
  return /\b(?:npm|pnpm|yarn)\b.*(?:\s(?:--workspaces|-ws|--ws|-r|--recursive)\b|\bworkspaces foreach\b)/.test(script);
}

const deepestScript = 4;

/** The runner that a script starts, found through `npm run`, `npx`, coverage wrappers and assignments. */
export function scriptedRunner(
  manifest: PackageManifest,
  files: ProjectFiles,
  name = 'test',
  depth = 0,
): ScriptedRunner | undefined {
  const script = manifest.scripts[name];
  if (script === undefined || depth > deepestScript) return undefined;
  for (const command of simpleCommands(script)) {
    const inner = /^(npm|pnpm|yarn)$/.test(command.words[0] ?? '')
      ? command.words.find((word, at) => at > 0 && word in manifest.scripts && word !== name)
      : undefined;
    const found = inner === undefined ? recognise(command, files) : scriptedRunner(manifest, files, inner, depth + 1);
    if (found !== undefined) return { ...found, environment: { ...command.environment, ...found.environment } };
  }
  return undefined;
}

const programs: Readonly<Record<string, TestRunner>> = {
  vitest: 'vitest',
  jest: 'jest',
  mocha: 'mocha',
  _mocha: 'mocha',
  pytest: 'pytest',
};

function recognise({ environment, words }: SimpleCommand, files: ProjectFiles): ScriptedRunner | undefined {
  const at = words.findIndex(
    (word) => basename(word, extname(word)) in programs || /^(node|tsx|python3?)$/.test(basename(word)),
  );
  const program = basename(words[at] ?? '', extname(words[at] ?? ''));
  const rest = words.slice(at + 1);
  const runner = programs[program];
  if (at < 0) return undefined;
  if (runner !== undefined) return { runner, nodeOptions: [], arguments: withoutReporters(rest), environment };
  if (program.startsWith('python')) return pythonModule(rest, environment);
  return nodeCommand(program, rest, environment, files);
}

function pythonModule(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): ScriptedRunner | undefined {
  const name = words[words.indexOf('-m') + 1];
  if (name !== 'pytest' && name !== 'unittest') return undefined;
  return {
    runner: name,
    nodeOptions: [],
    arguments: name === 'pytest' ? words.slice(words.indexOf('-m') + 2) : [],
    environment,
  };
}

/** `node [options] --test [files]`, `tsx --test [files]`, or node started on a runner's own script. */
function nodeCommand(
  program: string,
  words: readonly string[],
  environment: ScriptedRunner['environment'],
  files: ProjectFiles,
): ScriptedRunner | undefined {
  const { options, others } = splitNodeOptions(words);
  const runner = programs[basename(others[0] ?? '', extname(others[0] ?? ''))];
  if (runner !== undefined)
    return { runner, nodeOptions: options, arguments: withoutReporters(others.slice(1)), environment };
  if (!words.includes('--test')) return undefined;
  const nodeOptions = [
    ...(program === 'tsx' ? ['--import', 'tsx'] : []),
    ...options.filter((option) => !/^--(test|watch|experimental-test-coverage)$/.test(option)),
  ];
  return {
    runner: 'node-test',
    nodeOptions,
    arguments: others.flatMap((word) => expandTestPath(word, files)),
    environment,
  };
}

function splitNodeOptions(words: readonly string[]): { options: string[]; others: string[] } {
  const options: string[] = [];
  const others: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const takesValue =
      /^(-r|-C|--(require|import|loader|experimental-loader|env-file|conditions|test-name-pattern|test-concurrency|test-timeout|test-reporter|test-reporter-destination))$/.test(
        word,
      );
    const isReporter = word.startsWith('--test-reporter');
    if (!word.startsWith('-')) others.push(word);
    else if (!isReporter) options.push(word, ...(takesValue ? [words[at + 1] ?? ''] : []));
    if (takesValue) at += 1;
  }
  return { options, others };
}

/** Globs and directories mean different things to different Nodes, and a shell would expand some: they are expanded here. */
function expandTestPath(word: string, files: ProjectFiles): readonly string[] {
  if (/[*?{[]/.test(word)) return files.list(word);
  if (/\.[cm]?[jt]sx?$/.test(word)) return [word];
  return files.list(`${word.replace(/\/$/, '')}/**/*.{js,cjs,mjs}`);
}

/** A runner's own arguments without the ones that say how to report or that keep it running. */
function withoutReporters(words: readonly string[]): string[] {
  const withValue = /^(-R|--reporters?|--outputFile|--reporter-options?)$/;
  return words.filter(
    (word, at) =>
      !/^(-R|--reporters?|--outputFile|--reporter-options?|--json)(=|$)/.test(word) &&
      !withValue.test(words[at - 1] ?? ''),
  );
}
