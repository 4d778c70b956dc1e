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

/**
 * The runner that a script starts, found through `npm run`, `npx`, coverage wrappers and assignments. The first of several;
 * but runs of tape that follow each other (`node test/a.js && node test/b.js`) have their processes to themselves for a
 * reason, and stay a script.
 */
export function scriptedRunner(manifest: PackageManifest, files: ProjectFiles): ScriptedRunner | undefined {
  const [first, ...others] = scriptedRunners(manifest, files, 'test', 0);
  return first?.runner === 'tape' && others.length > 0 ? undefined : first;
}

const startsRunners = /^(node|tsx|npx|nyc|c8)$/;

const givenRunners: ReadonlySet<TestRunner> = new Set(['vitest', 'jest', 'mocha', 'tape']);

/**
 * The JavaScript runner that a line given by a person starts, when the line is that one command and nothing for a shell.
 * None whose words would be expanded here: the files that a person names are protected by their name.
 */
export function givenRunner(line: string, files: ProjectFiles): ScriptedRunner | undefined {
  const [command, ...others] = simpleCommands(line);
  const [first = ''] = command?.words ?? [];
  const isPlain = others.length === 0 && !/[$`()<>]/.test(line);
  if (command === undefined || !isPlain || !(startsRunners.test(first) || runnerOf(first) !== undefined))
    return undefined;
  const found = recognise(command, files);
  return found !== undefined && givenRunners.has(found.runner) ? found : undefined;
}

const deepestScript = 4;

function scriptedRunners(
  manifest: PackageManifest,
  files: ProjectFiles,
  name: string,
  depth: number,
): readonly ScriptedRunner[] {
  const script = manifest.scripts[name];
  if (script === undefined || depth > deepestScript) return [];
  return simpleCommands(script).flatMap((command) => {
    const inner = /^(npm|pnpm|yarn)$/.test(command.words[0] ?? '')
      ? command.words.find((word, at) => at > 0 && word in manifest.scripts && word !== name)
      : undefined;
    const own = inner === undefined ? recognise(command, files) : undefined;
    const found = inner === undefined ? [own] : scriptedRunners(manifest, files, inner, depth + 1);
    return found
      .filter((each) => each !== undefined)
      .map((each) => ({ ...each, environment: { ...command.environment, ...each.environment } }));
  });
}

const programs: Readonly<Record<string, TestRunner>> = {
  vitest: 'vitest',
  jest: 'jest',
  mocha: 'mocha',
  _mocha: 'mocha',
  tape: 'tape',
  pytest: 'pytest',
};

/** The runner that a word starts: by its name alone, or by a path to where programs are installed (not `test/tape.js`). */
function runnerOf(word: string): TestRunner | undefined {
  return /[./]/.test(word) && !/(^|\/)(node_modules|\.?bin)\//.test(word)
    ? undefined
    : programs[basename(word, extname(word))];
}

/** Programs that transform what they run, in ways that are theirs to know. */
const transforms = /^(ts-node|ts-node-esm|babel-node|electron|browserify|airtap)$/;

function recognise({ environment, words }: SimpleCommand, files: ProjectFiles): ScriptedRunner | undefined {
  const at = words.findIndex((word) => runnerOf(word) !== undefined || /^(node|tsx|python3?)$/.test(basename(word)));
  const program = basename(words[at] ?? '', extname(words[at] ?? ''));
  const rest = words.slice(at + 1);
  const runner = runnerOf(words[at] ?? '');
  if (at < 0 || words.slice(0, at).some((word) => transforms.test(word))) return undefined;
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

/** `node [options] --test [files]`, `tsx --test [files]`, or node started on a runner's own script or on a test of tape. */
function nodeCommand(
  program: string,
  words: readonly string[],
  environment: ScriptedRunner['environment'],
  files: ProjectFiles,
): ScriptedRunner | undefined {
  const { options, others } = splitNodeOptions(words);
  const loaders = program === 'tsx' ? ['--import', 'tsx'] : [];
  if (!words.includes('--test')) {
    const at = words.indexOf(others[0] ?? '');
    const nodeOptions = [...loaders, ...splitNodeOptions(words.slice(0, at)).options];
    return nodeScript(words.slice(at), nodeOptions, environment, files);
  }
  const nodeOptions = [
    ...loaders,
    ...options.filter((option) => !/^--(test|watch|experimental-test-coverage)$/.test(option)),
  ];
  return {
    runner: 'node-test',
    nodeOptions,
    arguments: others.flatMap((word) => expandTestPath(word, files)),
    environment,
  };
}

/** Node started on a runner's own script, or on a test of tape. */
function nodeScript(
  [script = '', ...rest]: readonly string[],
  nodeOptions: readonly string[],
  environment: ScriptedRunner['environment'],
  files: ProjectFiles,
): ScriptedRunner | undefined {
  const runner = runnerOf(script);
  if (runner !== undefined) return { runner, nodeOptions, arguments: withoutReporters(rest), environment };
  const file = rest.length === 0 ? testOfTape(script, files) : undefined;
  return file === undefined ? undefined : { runner: 'tape', nodeOptions, arguments: [file], environment };
}

/** Whether the text of a file loads tape. */
export const loadsTape = /(?:from|require\(|import)\s*['"]tape['"]/;

/** The file that `node test/x.js`, `node test/x` or `node test` runs, when it loads tape. */
function testOfTape(word: string, files: ProjectFiles): string | undefined {
  if (word === '') return undefined;
  const place = word.replace(/^\.\//, '').replace(/\/$/, '');
  const named = [place, `${place}.js`, `${place}/index.js`].find((path) => files.readText(path) !== undefined);
  return named !== undefined && loadsTape.test(files.readText(named) ?? '') ? named : undefined;
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
