import { join } from 'node:path';
import { detectPython } from './detect-python.ts';
import type { Detection } from './detection.ts';
import {
  installedScript,
  packageFiles,
  readManifest,
  workspaceDirectories,
  type PackageManifest,
} from './package-manifest.ts';
import type { ProjectFiles } from './project-files.ts';
import { givenRunner, loadsTape, runsWorkspaces, scriptedRunner, type ScriptedRunner } from './script-commands.ts';
import { shellTestCommand, type TestCommand, type TestRunner } from './test-command.ts';

/**
 * Finds how the tests of a project run, from the most explicit sign to the least: a command that a person gave, the test
 * script, configuration files, dependencies, and what the test files import. The same files always give the same answer.
 */
export function detectRunner(files: ProjectFiles, override?: string): Detection {
  if (override !== undefined) return found(givenCommand(files, override), 'the command was given');
  const manifest = readManifest(files);
  const suites = manifest === undefined ? undefined : detectWorkspaces(files, manifest);
  return suites ?? detectJavaScript(files, manifest) ?? detectPython(files) ?? { kind: 'none', looked };
}

/** What a person gave runs as it stands, unless it only starts a runner that tells more when it is asked. */
function givenCommand(files: ProjectFiles, line: string): TestCommand {
  const scripted = givenRunner(line, files);
  if (scripted === undefined) return shellTestCommand(line);
  const script = installedScript(files, scripted.runner);
  if (script === undefined) return shellTestCommand(line);
  return { ...commandOf({ runner: scripted.runner, why: line, scripted }), script };
}

const looked: readonly string[] = [
  'package.json: scripts.test, dependencies, workspaces',
  'vitest.config.*, jest.config.*, .mocharc.*',
  'pytest.ini, conftest.py, pyproject.toml, setup.cfg, tox.ini',
  '*.test.*, *.spec.*, test/**, test_*.py, *_test.py',
];

function found(command: TestCommand, why: string, others: readonly TestCommand[] = []): Detection {
  return { kind: 'found', runner: command.runner, command, why, others };
}

/** The suites of a monorepo's packages, when its root has no suite of its own. */
function detectWorkspaces(files: ProjectFiles, manifest: PackageManifest): Detection | undefined {
  const script = manifest.scripts['test'];
  const hasOwnSuite = script !== undefined && !isPlaceholder(script) && !runsWorkspaces(script);
  if (manifest.workspaces.length === 0 || hasOwnSuite) return undefined;
  const detections = workspaceDirectories(files, manifest).map((directory) => ({
    directory,
    detection: detectRunner(packageFiles(files, directory)),
  }));
  const commands = detections.flatMap(({ directory, detection }) =>
    detection.kind === 'found' ? [{ ...detection.command, directory }] : [],
  );
  const [first, ...others] = commands;
  if (first !== undefined)
    return found(first, `workspaces with tests: ${commands.map(({ directory }) => directory).join(', ')}`, others);
  return detections.map(({ detection }) => detection).find(({ kind }) => kind === 'missing_runner');
}

function isPlaceholder(script: string): boolean {
  return /no test specified/.test(script);
}

interface Sign {
  readonly runner: TestRunner;
  readonly why: string;
  readonly scripted?: ScriptedRunner;
}

function detectJavaScript(files: ProjectFiles, manifest: PackageManifest | undefined): Detection | undefined {
  const ownScript = undefinedScript(manifest);
  const sign =
    signOfScript(files, manifest) ??
    signOfConfiguration(files) ??
    signOfDependency(manifest) ??
    signOfImports(files, ownScript === undefined);
  if (sign === undefined) return ownScript;
  if (sign.runner === 'pytest' || sign.runner === 'unittest') return found(commandOf(sign), sign.why);
  if (sign.runner === 'node-test') return found(commandOf(sign), sign.why);
  const script = installedScript(files, sign.runner);
  if (script !== undefined) return found({ ...commandOf(sign), script }, sign.why);
  return {
    kind: 'missing_runner',
    runner: sign.runner,
    why: `${sign.why}, but ${join('node_modules', sign.runner)} is not installed here or above (npm install)`,
  };
}

function commandOf({ runner, scripted }: Sign): TestCommand {
  const { nodeOptions = [], arguments: words = [], environment = {} } = scripted ?? {};
  return { runner, directory: '.', nodeOptions, arguments: words, environment };
}

/** A test script that starts no runner known here: it is run as it stands and read as TAP, JUnit XML or an exit code. */
function undefinedScript(manifest: PackageManifest | undefined): Detection | undefined {
  const script = manifest?.scripts['test'];
  if (script === undefined || isPlaceholder(script)) return undefined;
  return found(
    shellTestCommand(`PATH="$PWD/node_modules/.bin:$PATH"; ${script}`),
    `package.json: scripts.test is ${JSON.stringify(script)}`,
  );
}

function signOfScript(files: ProjectFiles, manifest: PackageManifest | undefined): Sign | undefined {
  const scripted = manifest === undefined ? undefined : scriptedRunner(manifest, files);
  if (scripted === undefined) return undefined;
  return { runner: scripted.runner, why: `package.json: scripts.test runs ${scripted.runner}`, scripted };
}

const configurations: readonly { readonly glob: string; readonly runner: TestRunner }[] = [
  { glob: 'vitest.{config,workspace}.{js,mjs,cjs,ts,mts,cts,json}', runner: 'vitest' },
  { glob: 'jest.config.{js,mjs,cjs,ts,json}', runner: 'jest' },
  { glob: '.mocharc.{js,cjs,mjs,json,jsonc,yaml,yml}', runner: 'mocha' },
];

function signOfConfiguration(files: ProjectFiles): Sign | undefined {
  for (const { glob, runner } of configurations) {
    const [file] = files.list(glob);
    if (file !== undefined) return { runner, why: `${file} exists` };
  }
  return undefined;
}

function signOfDependency(manifest: PackageManifest | undefined): Sign | undefined {
  const dependencies = { ...manifest?.dependencies, ...manifest?.devDependencies };
  const runner = (['vitest', 'jest', 'mocha'] as const).find((name) => name in dependencies);
  return runner === undefined ? undefined : { runner, why: `package.json depends on ${runner}` };
}

const testFiles = [
  '**/*.{test,spec}.{js,mjs,cjs,jsx,ts,mts,cts,tsx}',
  '{test,tests,__tests__}/**/*.{js,mjs,cjs,ts,mts,cts}',
];
const mostFilesRead = 200;

const imports: readonly { readonly pattern: RegExp; readonly runner: TestRunner }[] = [
  { pattern: /(?:from|require\(|import)\s*['"]node:test['"]/, runner: 'node-test' },
  { pattern: /(?:from|require\(|import)\s*['"]vitest['"]/, runner: 'vitest' },
  { pattern: /(?:from|require\(|import)\s*['"]@jest\/globals['"]/, runner: 'jest' },
  { pattern: /(?:from|require\(|import)\s*['"]mocha['"]/, runner: 'mocha' },
  { pattern: loadsTape, runner: 'tape' },
];

/** tape finds no files by itself, so a test script knows better than this which are tests. */
function signOfImports(files: ProjectFiles, isWithoutScript: boolean): Sign | undefined {
  const paths = [...new Set(testFiles.flatMap((glob) => files.list(glob)))].toSorted().slice(0, mostFilesRead);
  const known = imports.filter(({ runner }) => isWithoutScript || runner !== 'tape');
  for (const path of paths) {
    const text = files.readText(path) ?? '';
    const match = known.find(({ pattern }) => pattern.test(text));
    if (match !== undefined)
      return { runner: match.runner, why: `${path} imports ${match.runner}`, ...ownFiles(match.runner, paths, files) };
  }
  return undefined;
}

/** node:test looks for other names in other versions, tape for none; the files that were found are named instead. */
function ownFiles(
  runner: TestRunner,
  paths: readonly string[],
  files: ProjectFiles,
): { readonly scripted?: ScriptedRunner } {
  if (runner !== 'node-test' && runner !== 'tape') return {};
  const own = runner === 'tape' ? paths.filter((path) => loadsTape.test(files.readText(path) ?? '')) : paths;
  return { scripted: { runner, nodeOptions: [], arguments: own, environment: {} } };
}
