import { captureDirectory, type TreeSnapshot } from './capture.ts';
import type { CheckoutOptions, Clone } from './clone.ts';
import { openClone } from './open-clone.ts';
import { encodeTrees, type TreeEntry } from './git-objects.ts';
import { ObjectStore } from './object-store.ts';
import { canonicalDirectory, findRepository, ignoreRules, trackedPaths } from './repository.ts';
import { changeEntries, type ChangeConflict, type ChangeRefused, type TreeChange } from './tree-change.ts';
import { diffTrees, differences, type FileDifference, type TreeDifference } from './tree-diff.ts';
import { realpathOrSame } from './real-path.ts';

export interface WorkspaceOptions {
  /** Holds the object store, `objects.git`. Created when it is not there. Left out of captures that contain it. */
  readonly dataDirectory: string;
  /** Larger files are skipped by captures. Default: 20 MB. */
  readonly maxFileBytes?: number;
}

/** Content-addressed trees of files. A tree never changes; everything that changes one gives the id of another. */
export interface Workspace {
  /**
   * Records a directory as a tree, durable before the promise resolves. Nothing in the directory is written.
   * @throws WorkspaceError `not_a_directory`, `unreadable`, `store_full`
   */
  capture(directory: string): Promise<TreeSnapshot>;
  /** The files of a tree in byte order of their paths. @throws WorkspaceError `missing_tree` */
  list(tree: string): Promise<readonly TreeEntry[]>;
  /** The exact bytes of a file, the target of a link, or undefined when the tree has no file there. */
  readFile(tree: string, path: string): Promise<Buffer | undefined>;
  /** @throws WorkspaceError `missing_tree` */
  diff(before: string, after: string): Promise<TreeDifference>;
  /** As `diff`, without the text. */
  differences(before: string, after: string): Promise<readonly FileDifference[]>;
  /**
   * The tree after a set of changes, which all happen or none. Pure but for the store: no directory is touched. Blobs and
   * trees are durable before the promise resolves, so that the id may be recorded in a log.
   */
  write(tree: string, changes: readonly TreeChange[], options?: WriteOptions): Promise<WriteResult>;
  /** Materialises a tree in a temporary directory. The caller disposes of the clone. */
  checkout(tree: string, options: CheckoutOptions): Promise<Clone>;
  /** Contents by blob id. @throws WorkspaceError `corrupt` */
  readBlobs(blobs: Iterable<string>): Promise<ReadonlyMap<string, Buffer>>;
}

interface WriteOptions {
  /** Paths that no change may touch, such as test files. Default: none. */
  readonly isProtected?: (path: string) => boolean;
}

export type WriteResult = { readonly kind: 'written'; readonly tree: string } | ChangeRefused | ChangeConflict;

const TWENTY_MEGABYTES = 20 * 1024 * 1024;

/** @throws WorkspaceError `git_missing`, `git_too_old`, `store_unwritable`, `store_full`, `corrupt` */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const store = await ObjectStore.open(options.dataDirectory);
  const maxFileBytes = options.maxFileBytes ?? TWENTY_MEGABYTES;
  return {
    capture: async (directory) => await captureUserDirectory(store, directory, { ...options, maxFileBytes }),
    list: async (tree) => await store.list(tree),
    readFile: async (tree, path) => await readFile(store, tree, path),
    diff: async (before, after) => await diffTrees(store, before, after),
    differences: async (before, after) => await differences(store, before, after),
    write: async (tree, changes, { isProtected = () => false } = {}) => await write(store, tree, changes, isProtected),
    checkout: async (tree, checkout) => await openClone(store, tree, { ...checkout, maxFileBytes }),
    readBlobs: async (blobs) => await store.read(blobs),
  };
}

async function captureUserDirectory(
  store: ObjectStore,
  directory: string,
  options: Required<WorkspaceOptions>,
): Promise<TreeSnapshot> {
  const canonical = await canonicalDirectory(directory);
  const repository = await findRepository(canonical);
  return await captureDirectory(store, canonical, {
    ignores: await ignoreRules(store.gitDirectory, canonical, repository),
    tracked: repository === undefined ? new Set() : await trackedPaths(repository, canonical),
    excluded: [await realpathOrSame(options.dataDirectory), await realpathOrSame(store.gitDirectory)],
    maxFileBytes: options.maxFileBytes,
  });
}

async function readFile(store: ObjectStore, tree: string, path: string): Promise<Buffer | undefined> {
  const entry = (await store.list(tree)).find((candidate) => candidate.path === path);
  return entry === undefined ? undefined : (await store.read([entry.blob])).get(entry.blob);
}

async function write(
  store: ObjectStore,
  tree: string,
  changes: readonly TreeChange[],
  isProtected: (path: string) => boolean,
): Promise<WriteResult> {
  const outcome = changeEntries(await store.list(tree), changes, isProtected);
  if (outcome.kind !== 'changed') return outcome;
  const { root, objects } = encodeTrees(outcome.entries);
  await store.put([...outcome.blobs, ...objects]);
  return { kind: 'written', tree: root };
}
