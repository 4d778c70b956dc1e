import { chownSync } from 'node:fs';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkDependencies } from './dependency-links.ts';
import { DirectoryClone } from './directory-clone.ts';
import { forceRemove } from './force-remove.ts';
import { runGit } from './git-process.ts';
import type { ObjectStore } from './object-store.ts';
import { canonicalDirectory } from './repository.ts';
import type { FileDifference } from './tree-diff.ts';
import { WorkspaceError, systemCode } from './workspace-error.ts';

export interface CheckoutOptions {
  /** Names the directory `vltair-<traceId>-<n>`: letters, digits, `.`, `_`, `-`. A leftover of that name is replaced. */
  readonly traceId: string;
  readonly n: number;
  /** Installed dependencies: paths as in `TreeSnapshot.dependencies`, relative to the directory that was captured. */
  readonly dependencies?: { readonly from: string; readonly paths: readonly string[] };
  /** Default: `os.tmpdir()`. */
  readonly temporaryRoot?: string;
  /** Who owns the clone, for a sandbox that drops privileges. Default: the current user. */
  readonly owner?: Owner;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export type FileContent = Uint8Array | string;

export interface CloneChange {
  readonly path: string;
  /** `null` removes the file. */
  readonly content: FileContent | null;
}

export interface CloneCapture {
  readonly tree: string;
  /** What differs from the tree that was checked out. */
  readonly changes: readonly FileDifference[];
}

/**
 * A tree in a temporary directory, for commands to run in, reusable for many candidates. One caller at a time; while a
 * command runs in the clone, only `directory` and `readOnlyPaths` may be used.
 *
 * - C1: nothing here writes outside of the clone, whatever links a command left in it.
 */
export interface Clone extends AsyncDisposable {
  /** The working directory, absolute and canonical. */
  readonly directory: string;
  readonly tree: string;
  /** Host paths that the clone's links lead to: a sandbox exposes them read-only at the same place. Sorted. */
  readonly readOnlyPaths: readonly string[];
  /** Puts a file, or removes it (`null`). Keeps the executable bit. @throws WorkspaceError `invalid_path` */
  write(path: string, content: FileContent | null): Promise<void>;
  /** Takes back every `write` since the last reset, then writes `changes`. */
  reset(changes?: readonly CloneChange[]): Promise<void>;
  /** Whether the directory holds exactly what checkout and `write` put there. One `lstat` a file. */
  isPristine(): Promise<boolean>;
  /** Brings back exactly the tree and the dependency links in `directory`, whatever happened; takes back every `write` too. */
  restore(): Promise<void>;
  /** Records the directory as a tree, by the ignore rules in it; files of the checked-out tree count as tracked. */
  capture(): Promise<CloneCapture>;
  /** Removes the clone, also after permissions changed. May be called twice. */
  dispose(): Promise<void>;
}

/** @throws WorkspaceError `missing_tree`, `directory_full`, `temporary_occupied`, `invalid_path` */
export async function openClone(
  store: ObjectStore,
  tree: string,
  options: CheckoutOptions & { readonly maxFileBytes: number },
): Promise<Clone> {
  const entries = await store.list(tree);
  const outer = await makeOuter(options);
  try {
    const directory = join(outer, 'project');
    await materialise(store, tree, outer, directory);
    const from = options.dependencies === undefined ? undefined : await canonicalDirectory(options.dependencies.from);
    const paths = options.dependencies?.paths ?? [];
    const linked = from === undefined ? undefined : await linkDependencies(from, paths, directory);
    const readOnlyPaths = linked?.readOnlyPaths ?? [];
    const { owner, maxFileBytes } = options;
    const parts = {
      store,
      tree,
      entries,
      outer,
      directory,
      dependencies: [...new Set([...paths, 'node_modules'])],
      readOnlyPaths,
      owner,
      maxFileBytes,
    };
    return await DirectoryClone.adopt(parts);
  } catch (error) {
    await forceRemove(outer);
    throw explain(error, outer);
  }
}

async function makeOuter({ traceId, n, temporaryRoot, owner }: CheckoutOptions): Promise<string> {
  if (!/^\w[\w.-]*$/u.test(traceId) || !Number.isSafeInteger(n)) {
    throw new WorkspaceError(
      'invalid_path',
      `a clone cannot be named after trace id ${JSON.stringify(traceId)} and ${n}`,
    );
  }
  const outer = join(await realpath(temporaryRoot ?? tmpdir()), `vltair-${traceId}-${n}`);
  try {
    await forceRemove(outer);
    await mkdir(outer, { mode: 0o700 });
    if (owner !== undefined) chownSync(outer, owner.uid, owner.gid);
    return outer;
  } catch (error) {
    if (systemCode(error) === 'ENOSPC') throw explain(error, outer);
    throw new WorkspaceError('temporary_occupied', `${outer} cannot be created`, { path: outer, cause: error });
  }
}

async function materialise(store: ObjectStore, tree: string, outer: string, directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o700 });
  const indexFile = join(outer, 'index');
  const git = {
    gitDirectory: store.gitDirectory,
    workTree: directory,
    directory,
    indexFile,
    config: { 'core.fsync': 'none' },
  };
  await runGit({ ...git, args: ['read-tree', tree] });
  await runGit({ ...git, args: ['checkout-index', '--all', '--force', '--quiet'] });
  await rm(indexFile);
}

function explain(error: unknown, path: string): unknown {
  const isFull = systemCode(error) === 'ENOSPC' || (error instanceof WorkspaceError && error.reason === 'store_full');
  return isFull ? new WorkspaceError('directory_full', `no space left for ${path}`, { path, cause: error }) : error;
}
