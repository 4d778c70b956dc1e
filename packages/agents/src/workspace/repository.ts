import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { runGit } from './git-process.ts';
import { WorkspaceError, isAbsent } from './workspace-error.ts';

/** The user's git repository around a directory. It is read, never written. */
export interface Repository {
  readonly topLevel: string;
  readonly gitDirectory: string;
  /** Where `info/exclude` is: differs from `gitDirectory` in a linked worktree. */
  readonly commonDirectory: string;
}

/** The canonical form of a directory. @throws WorkspaceError `not_a_directory`, `unreadable` */
export async function canonicalDirectory(directory: string): Promise<string> {
  try {
    const canonical = await realpath(directory);
    if ((await stat(canonical)).isDirectory()) return canonical;
  } catch (error) {
    const reason = isAbsent(error) ? 'not_a_directory' : 'unreadable';
    throw new WorkspaceError(reason, `${directory} cannot be entered: ${String(error)}`, {
      path: directory,
      cause: error,
    });
  }
  throw new WorkspaceError('not_a_directory', `${directory} is not a directory`, { path: directory });
}

/** The repository whose work tree holds the (canonical) directory, or undefined outside of git. */
export async function findRepository(directory: string): Promise<Repository | undefined> {
  for (let at = directory; ; at = dirname(at)) {
    const gitDirectory = await gitDirectoryOf(join(at, '.git'));
    if (gitDirectory !== undefined) {
      return { topLevel: at, gitDirectory, commonDirectory: await commonDirectoryOf(gitDirectory) };
    }
    if (at === dirname(at)) return undefined;
  }
}

async function gitDirectoryOf(dotGit: string): Promise<string | undefined> {
  const found = await lstat(dotGit).catch(() => undefined); // not there, or not for us to see: no repository
  if (found === undefined) return undefined;
  if (!found.isFile()) return (await exists(join(dotGit, 'HEAD'))) ? dotGit : undefined;
  const pointer = await readFile(dotGit, 'utf8').catch(() => ''); // unreadable: it points to no repository
  const target = /^gitdir: (.+)$/mu.exec(pointer)?.[1];
  return target === undefined ? undefined : resolve(dirname(dotGit), target);
}

async function commonDirectoryOf(gitDirectory: string): Promise<string> {
  const pointer = await readFile(join(gitDirectory, 'commondir'), 'utf8').catch(() => '.'); // only linked work trees have one
  return resolve(gitDirectory, pointer.trim());
}

async function exists(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined); // whatever hides it, it is not there for us
  return found !== undefined;
}

/**
 * The paths below a directory that the user's index tracks, relative to it. An index that git cannot read counts as
 * empty: then the ignore rules alone decide, which is what they do outside of git too.
 */
export async function trackedPaths(repository: Repository, directory: string): Promise<ReadonlySet<string>> {
  const { gitDirectory, topLevel } = repository;
  const request = { gitDirectory, workTree: topLevel, directory, args: ['ls-files', '-z', '--cached'] };
  try {
    return new Set((await runGit(request)).toString('utf8').split('\0').slice(0, -1));
  } catch (error) {
    if (error instanceof WorkspaceError && error.reason !== 'git_missing') return new Set();
    throw error;
  }
}

/** Answers which of the paths (relative to `directory`) the `.gitignore` files and `info/exclude` ignore. */
export type IgnoreRules = (paths: readonly string[]) => Promise<ReadonlySet<string>>;

/**
 * The ignore rules that hold for a directory: its own and nested `.gitignore` files and, inside a repository, those of
 * the folders above it and the repository's `info/exclude`. The user's global excludes are left out: what a run works on
 * must not depend on who started it.
 */
export async function ignoreRules(
  privateGitDirectory: string,
  directory: string,
  repository: Repository | undefined,
): Promise<IgnoreRules> {
  const rulesFrom = (root: string, config: Record<string, string>): IgnoreRules => {
    return async (paths) =>
      await checkIgnore({ gitDirectory: privateGitDirectory, workTree: root, directory, config }, paths);
  };
  if (repository === undefined) return rulesFrom(directory, {});
  const config = { 'core.excludesFile': join(repository.commonDirectory, 'info', 'exclude') };
  if (directory === repository.topLevel) return rulesFrom(directory, config);
  // A folder that its repository ignores (a scratch copy, a download) is a project of its own.
  const own = relative(repository.topLevel, directory);
  const outer = {
    gitDirectory: privateGitDirectory,
    workTree: repository.topLevel,
    directory: repository.topLevel,
    config,
  };
  const isIgnored = (await checkIgnore(outer, [own])).has(own);
  return isIgnored ? rulesFrom(directory, {}) : rulesFrom(repository.topLevel, config);
}

interface IgnoreQuestion {
  readonly gitDirectory: string;
  readonly workTree: string;
  readonly directory: string;
  readonly config: Record<string, string>;
}

async function checkIgnore(question: IgnoreQuestion, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  const output = await runGit({
    ...question,
    args: ['check-ignore', '--no-index', '--stdin', '-z'],
    // `./` keeps a leading colon from being read as pathspec magic.
    input: [Buffer.from(paths.map((path) => `./${path}\0`).join(''))],
    allowedExitCodes: [0, 1],
  });
  const ignored = output.toString('utf8').split('\0').slice(0, -1);
  return new Set(ignored.map((path) => path.slice('./'.length)));
}
