import { aBlob, compareBytes, type GitObject, type TreeEntry } from './git-objects.ts';
import { foldersAbove, refusalOfPath, type RefusalReason } from './tree-path.ts';

/** What a file is to be. `content: null` deletes it; deleting what is not there changes nothing. */
export interface TreeChange {
  readonly path: string;
  readonly content: Uint8Array | string | null;
  /** Only when the tree has exactly this blob at the path (`null`: nothing there); otherwise the write conflicts. */
  readonly expectedBlob?: string | null;
  /** Default: as it is, and false for a new file. */
  readonly executable?: boolean;
}

export interface ChangeRefused {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  readonly path: string;
}

export interface ChangeConflict {
  readonly kind: 'conflict';
  readonly conflicts: readonly {
    readonly path: string;
    readonly expected: string | null;
    readonly actual: string | null;
  }[];
}

export interface ChangedEntries {
  readonly kind: 'changed';
  readonly entries: readonly TreeEntry[];
  readonly blobs: readonly GitObject[];
}

/**
 * The entries of a tree after a set of changes. The order of the changes has no influence on the answer, not even on
 * which of several refusals is named: the first by path.
 */
export function changeEntries(
  entries: readonly TreeEntry[],
  changes: readonly TreeChange[],
  isProtected: (path: string) => boolean,
): ChangedEntries | ChangeRefused | ChangeConflict {
  const ordered = changes.toSorted((a, b) => compareBytes(a.path, b.path));
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  for (const [at, change] of ordered.entries()) {
    const isDuplicate = ordered[at - 1]?.path === change.path;
    const reason = isDuplicate ? 'duplicate_path' : refusalOfChange(change, byPath.get(change.path), isProtected);
    if (reason !== undefined) return { kind: 'refused', reason, path: change.path };
  }
  const conflicts = ordered.flatMap((change) => conflictOf(change, byPath.get(change.path)));
  if (conflicts.length > 0) return { kind: 'conflict', conflicts };
  return place(byPath, ordered);
}

function refusalOfChange(
  { path, content }: TreeChange,
  present: TreeEntry | undefined,
  isProtected: (path: string) => boolean,
): RefusalReason | undefined {
  const reason = refusalOfPath(path);
  if (reason !== undefined) return reason;
  if (isProtected(path)) return 'protected';
  // Content written to a link would end in the file that it names, which this change does not name.
  return present?.mode === '120000' && content !== null ? 'is_link' : undefined;
}

function conflictOf({ path, expectedBlob }: TreeChange, present: TreeEntry | undefined): ChangeConflict['conflicts'] {
  const actual = present?.blob ?? null;
  return expectedBlob === undefined || expectedBlob === actual ? [] : [{ path, expected: expectedBlob, actual }];
}

function place(byPath: Map<string, TreeEntry>, ordered: readonly TreeChange[]): ChangedEntries | ChangeRefused {
  const before = new Map(byPath);
  const writes = ordered.flatMap(({ content, ...change }) => (content === null ? [] : [{ ...change, content }]));
  for (const { path } of ordered) byPath.delete(path);
  const blobs = writes.map(({ path, content, executable }) => {
    const blob = aBlob(typeof content === 'string' ? Buffer.from(content) : content);
    const mode = modeOf(executable, before.get(path));
    byPath.set(path, { path, mode, blob: blob.id, size: blob.content.length });
    return blob;
  });
  const refused = misplaced(byPath, before, ordered);
  if (refused !== undefined) return refused;
  return { kind: 'changed', entries: [...byPath.values()].sort((a, b) => compareBytes(a.path, b.path)), blobs };
}

function modeOf(executable: boolean | undefined, present: TreeEntry | undefined): '100644' | '100755' {
  return (executable ?? present?.mode === '100755') ? '100755' : '100644';
}

/** A file where a folder is, or below a file or a link; or the deletion of a whole folder. */
function misplaced(
  after: ReadonlyMap<string, TreeEntry>,
  before: ReadonlyMap<string, TreeEntry>,
  ordered: readonly TreeChange[],
): ChangeRefused | undefined {
  const folders = new Set([...after.keys()].flatMap(foldersAbove));
  for (const { path, content } of ordered) {
    const isFolder = folders.has(path) && (content !== null || !before.has(path));
    if (isFolder) return { kind: 'refused', reason: 'is_directory', path };
    const parent = content === null ? undefined : foldersAbove(path).find((folder) => after.has(folder));
    if (parent === undefined) continue;
    const isLink = after.get(parent)?.mode === '120000';
    return { kind: 'refused', reason: isLink ? 'through_link' : 'parent_is_file', path };
  }
  return undefined;
}
