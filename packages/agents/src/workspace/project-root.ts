import { readFile } from 'node:fs/promises';
import { dirname, join, matchesGlob, relative } from 'node:path';
import { canonicalDirectory, findRepository } from './repository.ts';
import { foldersAbove } from './tree-path.ts';
import { isAbsent } from './workspace-error.ts';

export interface ProjectRoot {
  /** The folder whose capture contains all that the package may need; canonical. */
  readonly root: string;
  /** The directory asked about, relative to `root`; empty when it is the root itself. */
  readonly packagePath: string;
  /** What makes it the root: a workspaces list that names the package, the repository around it, or nothing. */
  readonly kind: 'workspaces' | 'repository' | 'directory';
}

/**
 * The monorepo around a package: the nearest enclosing npm, yarn or pnpm workspaces root that lists the directory, else
 * the top of its git repository, else the directory itself. The search ends at the top of the repository.
 * @throws WorkspaceError `not_a_directory`
 */
export async function findProjectRoot(directory: string): Promise<ProjectRoot> {
  const start = await canonicalDirectory(directory);
  const repository = await findRepository(start);
  if ((await workspacePatterns(start)).length > 0) return { root: start, packagePath: '', kind: 'workspaces' };
  for (let at = start; at !== dirname(at) && at !== repository?.topLevel; at = dirname(at)) {
    const candidate = dirname(at);
    const packagePath = relative(candidate, start);
    if (hasMember(await workspacePatterns(candidate), packagePath))
      return { root: candidate, packagePath, kind: 'workspaces' };
  }
  if (repository === undefined) return { root: start, packagePath: '', kind: 'directory' };
  return { root: repository.topLevel, packagePath: relative(repository.topLevel, start), kind: 'repository' };
}

/** Whether the path is a listed package or inside one. */
function hasMember(patterns: readonly string[], path: string): boolean {
  return [path, ...foldersAbove(path)].some((candidate) => isListed(patterns, candidate));
}

function isListed(patterns: readonly string[], path: string): boolean {
  const matches = (pattern: string) => matchesGlob(path, pattern.replace(/^\.\//u, '').replace(/\/+$/u, ''));
  const isExcluded = patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1)));
  return !isExcluded && patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern));
}

async function workspacePatterns(folder: string): Promise<readonly string[]> {
  const [manifest, pnpm] = await Promise.all([
    readText(join(folder, 'package.json')),
    readText(join(folder, 'pnpm-workspace.yaml')),
  ]);
  return [...manifestPatterns(manifest), ...pnpmPatterns(pnpm)];
}

function manifestPatterns(text: string): readonly string[] {
  const workspaces = field(parseManifest(text), 'workspaces');
  const list = Array.isArray(workspaces) ? workspaces : field(workspaces, 'packages');
  return Array.isArray(list) ? list.filter((pattern) => typeof pattern === 'string') : [];
}

function parseManifest(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    // A folder above the project with a broken manifest is no workspaces root; npm would not take it for one either.
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** The `packages` list of pnpm-workspace.yaml in block form, the only form that pnpm writes. */
function pnpmPatterns(text: string): readonly string[] {
  const block = /^packages:[ \t]*\n((?:[ \t]*(?:-[^\n]*|#[^\n]*)?\n?)*)/mu.exec(text)?.[1] ?? '';
  return [...block.matchAll(/^[ \t]*-[ \t]*(['"]?)([^'"#\n]+)\1/gmu)].map((match) => (match[2] ?? '').trim());
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return '';
    throw error;
  }
}
