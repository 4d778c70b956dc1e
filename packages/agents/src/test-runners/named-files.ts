import { posix } from 'node:path';
import { simpleCommands, type SimpleCommand } from './shell-words.ts';
import type { TestCommand } from './test-command.ts';

/** What is asked of a project's files: which there are, and the scripts of the package.json in a directory. */
export interface NamedFilesRequest {
  readonly commands: readonly TestCommand[];
  readonly paths: ReadonlySet<string>;
  readonly scriptsOf: (directory: string) => Readonly<Record<string, string>>;
}

/** Programs that read sources without testing them: what they are given is not a test for that. */
const notTesting =
  /^(eslint|oxlint|biome|standard|xo|jshint|prettier|tsc|babel|swc|esbuild|rollup|webpack|flake8|mypy|ruff|black|pylint|cp|mv|rm|mkdir|echo|cat)$/;

/** Options whose value says what is measured or left out, not what runs. */
const aboutSources = /^--?(include|exclude|ignore(-pattern)?|cov|collect-?coverage-?from|src)(?<value>=.*)?$/i;

const deepestScript = 4;

/**
 * The existing files that test commands name in their own words, and those that a package.json's `test` script names, also
 * through `npm run`. A directory or a pattern names nobody. Sorted, each once.
 */
export function namedFiles(request: NamedFilesRequest): readonly string[] {
  const named = request.commands.flatMap((command) => {
    const directory = posix.normalize(command.directory);
    const scripts = request.scriptsOf(directory);
    const lines =
      command.runner === 'command' ? [command.arguments.at(-1) ?? ''] : [scripts['test'] ?? '', quoted(command)];
    return lines.flatMap((line) => filesOfLine(line, directory, scripts, request.paths, 0));
  });
  return [...new Set(named)].toSorted();
}

/** The words of a runner's command as somebody wrote them; those of node:test stand for what a directory held. */
function quoted({ runner, nodeOptions, arguments: words }: TestCommand): string {
  return [...nodeOptions, ...(runner === 'node-test' ? [] : words)].map((word) => `'${word}'`).join(' ');
}

function filesOfLine(
  line: string,
  directory: string,
  scripts: Readonly<Record<string, string>>,
  paths: ReadonlySet<string>,
  depth: number,
): string[] {
  if (depth > deepestScript) return [];
  let place = directory;
  return simpleCommands(line).flatMap((command) => {
    const [program = '', target] = command.words;
    if (program === 'cd' && target !== undefined) place = posix.join(place, target);
    const called = scriptsCalled(command, scripts).flatMap((script) =>
      filesOfLine(script, directory, scripts, paths, depth + 1),
    );
    return [...called, ...filesOfCommand(command, place, paths)];
  });
}

function scriptsCalled({ words }: SimpleCommand, scripts: Readonly<Record<string, string>>): string[] {
  if (!/^(npm|pnpm|yarn|bun)$/.test(words[0] ?? '')) return [];
  return words.slice(1).flatMap((word) => {
    const script = scripts[word === 't' ? 'test' : word];
    return script === undefined ? [] : [script];
  });
}

function filesOfCommand({ words }: SimpleCommand, place: string, paths: ReadonlySet<string>): string[] {
  const at = words.findIndex((word) => !/^(npx|exec|time|--yes|-y)$/.test(word));
  if (notTesting.test(posix.basename(words[at] ?? ''))) return [];
  return words.flatMap((word, index) => {
    if (aboutSources.test(word) || isValueAboutSources(words[index - 1] ?? '')) return [];
    return namesOf(word, words)
      .map((name) => posix.join(place, name))
      .filter((path) => paths.has(path));
  });
}

function isValueAboutSources(option: string): boolean {
  return aboutSources.test(option) && !option.includes('=');
}

/** A word may be a file, an option with a file (`--require=./setup.js`), a case in a file (`a.py::test`) or a Python module. */
function namesOf(word: string, words: readonly string[]): string[] {
  const value = word
    .replace(/^--?[\w-]+=/, '')
    .replace(/^[<>]+/, '')
    .replace(/::.*$/, '');
  if (value === '' || value.startsWith('/')) return [];
  const module = value.replaceAll('.', '/');
  const isPython = words.some((each) => /^python[\d.]*$/.test(posix.basename(each)));
  return [value, `${value}.js`, `${value}.ts`, ...(isPython ? [`${module}.py`, `${module}/__main__.py`] : [])];
}
