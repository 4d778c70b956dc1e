import type { TestResult } from '@vltair/protocol';
import { isTestConfiguration, setupFiles, supportFiles } from '../repair/support-files.ts';
import { isProtectedPath, protectedBy } from '../repair/protected-paths.ts';
import type { Sources } from '../repair/import-graph.ts';
import { namedFiles } from '../test-runners/named-files.ts';
import { readManifest } from '../test-runners/package-manifest.ts';
import type { TestCommand } from '../test-runners/test-command.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { beyondPackage } from './package-bounds.ts';
import { readSources } from './sources.ts';

/** A project as far as it decides what a repair may touch. */
export interface ProtectedFilesRequest {
  readonly commands: readonly TestCommand[];
  /** The package of a monorepo that was asked about: no edit lies outside of it and of what it imports. Absent: everything. */
  readonly packagePath?: string;
}

/**
 * The files of a tree that a repair must leave alone besides those that the path rule protects: what the test commands name,
 * what test configuration names, and what serves the tests alone. The same tree and commands always give the same answer.
 */
export async function findProtectedFiles(
  workspace: Workspace,
  tree: string,
  { commands, packagePath = '.' }: ProtectedFilesRequest,
): Promise<readonly string[]> {
  const entries = await workspace.list(tree);
  const paths = new Set(entries.map(({ path }) => path));
  const wanted = entries.filter(({ path }) => isTestConfiguration(path) && !/(^|\/)node_modules\//.test(path));
  const blobs = await workspace.readBlobs(wanted.map(({ blob }) => blob));
  const texts = new Map(wanted.map(({ path, blob }) => [path, blobs.get(blob)?.toString('utf8') ?? '']));
  const scriptsOf = (directory: string): Readonly<Record<string, string>> =>
    readManifest(filesOf(texts), directory === '.' ? 'package.json' : `${directory}/package.json`)?.scripts ?? {};
  const told = [...namedFiles({ commands, paths, scriptsOf }), ...setupFiles(texts, paths)];
  const sources = await readSources(workspace, tree);
  const support = supportFiles(sources, protectedBy(told));
  const beyond = packagePath === '.' ? [] : beyondPackage({ sources, packagePath, packages: packagesOf(texts) });
  return [...new Set([...told, ...support, ...beyond])].filter((path) => !isProtectedPath(path)).toSorted();
}

/** Folders of packages by name. */
function packagesOf(texts: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const manifests = [...texts.keys()].filter((path) => path.endsWith('/package.json'));
  return new Map(
    manifests.flatMap((path): [string, string][] => {
      const name = readManifest(filesOf(texts), path)?.name;
      return name === undefined ? [] : [[name, path.slice(0, -'/package.json'.length)]];
    }),
  );
}

function filesOf(texts: ReadonlyMap<string, string>) {
  return { exists: (path: string) => texts.has(path), readText: (path: string) => texts.get(path), list: () => [] };
}

const importsTestRunner =
  /(?:from|require\(|import)\s*['"](?:node:test|vitest|@jest\/globals|mocha|ava|tap|tape|@playwright\/test)['"]|^[ \t]*(?:import|from)[ \t]+(?:unittest|pytest)\b/m;

/** What a failing run itself shows to be tests: files that report a failing case, and files of its stack that import a runner. */
export function failingTestFiles({ cases }: TestResult, sources: Sources): readonly string[] {
  const failing = cases.filter(({ status }) => status === 'failed');
  const reported = failing.flatMap(({ file }) => (file === undefined ? [] : [file]));
  const inStack = failing.flatMap(({ stack }) => (stack ?? []).map(({ file }) => file));
  return [...new Set([...reported, ...inStack.filter((file) => importsTestRunner.test(sources.get(file) ?? ''))])];
}
