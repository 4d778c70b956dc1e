import { chownSync } from 'node:fs';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateDirectory } from '@vltair/sandbox';
import type { CheckoutOptions, Clone } from './clone.ts';
import { linkDependencies } from './dependency-links.ts';
import { DirectoryClone } from './directory-clone.ts';
import { forceRemove } from './force-remove.ts';
import { runGit } from './git-process.ts';
import type { ObjectStore } from './object-store.ts';
import { canonicalDirectory } from './repository.ts';
import { WorkspaceError, systemCode } from './workspace-error.ts';

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

/** A private directory that names its owner, so that the leftover of a killed process is removed by the next one. */
async function makeOuter({ traceId, temporaryRoot, owner }: CheckoutOptions): Promise<string> {
  const root = await realpath(temporaryRoot ?? tmpdir());
  if (!/^\w[\w.-]*$/u.test(traceId)) {
    throw new WorkspaceError('invalid_path', `a clone cannot be named after trace id ${JSON.stringify(traceId)}`);
  }
  try {
    const outer = createPrivateDirectory(root, traceId).path;
    if (owner !== undefined) chownSync(outer, owner.uid, owner.gid);
    return outer;
  } catch (error) {
    if (systemCode(error) === 'ENOSPC') throw explain(error, root);
    throw new WorkspaceError('temporary_occupied', `no clone can be made in ${root}`, { path: root, cause: error });
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
