import type { FileDifference } from './tree-diff.ts';

export interface CheckoutOptions {
  /** Names the directory `vltair-<traceId>-<n>`: letters, digits, `.`, `_`, `-`. */
  readonly traceId: string;
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
