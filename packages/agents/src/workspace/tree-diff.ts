import type { FileMode } from './git-objects.ts';
import type { ObjectStore } from './object-store.ts';

/** One file that differs between two trees. Renames are a deletion and an addition. */
export interface FileDifference {
  readonly path: string;
  readonly status: 'added' | 'deleted' | 'modified' | 'type_changed';
  /** Lines; null for binary content. */
  readonly added: number | null;
  readonly deleted: number | null;
  readonly before: FileVersion | null;
  readonly after: FileVersion | null;
}

export interface FileVersion {
  readonly mode: FileMode;
  readonly blob: string;
}

export interface TreeDifference {
  /** What `git diff --binary` prints, for people: bytes that are not UTF-8 are replaced. */
  readonly text: string;
  /** The same, exact: what `git apply` and (for text files) `patch -p1` take. */
  readonly patch: Uint8Array;
  /** In byte order of the paths. */
  readonly files: readonly FileDifference[];
}

/** The difference between two trees. @throws WorkspaceError `missing_tree` */
export async function diffTrees(store: ObjectStore, before: string, after: string): Promise<TreeDifference> {
  if (before === after) return { text: '', patch: new Uint8Array(), files: [] };
  const common = ['--no-renames', '--no-color', '--no-ext-diff', '--no-textconv', '-r'];
  const patchArgs = ['diff-tree', '-p', '--binary', '--src-prefix=a/', '--dst-prefix=b/', ...common, before, after];
  const [patch, files] = await Promise.all([store.inspect(patchArgs), differences(store, before, after)]);
  return { text: patch.toString('utf8'), patch, files };
}

/** The structured half of `diffTrees` alone. @throws WorkspaceError `missing_tree` */
export async function differences(
  store: ObjectStore,
  before: string,
  after: string,
): Promise<readonly FileDifference[]> {
  await Promise.all([store.list(before), store.list(after)]);
  const args = ['diff-tree', '-r', '-z', '--raw', '--numstat', '--no-renames', '--no-abbrev', before, after];
  return parseDifferences((await store.inspect(args)).toString('utf8').split('\0').slice(0, -1));
}

const STATUS: Readonly<Record<string, FileDifference['status']>> = {
  A: 'added',
  D: 'deleted',
  M: 'modified',
  T: 'type_changed',
};

/** Raw rows (`:modes blobs status`, path) come first, then one row of counts a file. */
function parseDifferences(fields: readonly string[]): readonly FileDifference[] {
  const firstCount = fields.findIndex((field, at) => at % 2 === 0 && !field.startsWith(':'));
  const counts = new Map(fields.slice(firstCount).map(parseCount));
  return fields.slice(0, firstCount).flatMap((row, at) => {
    if (at % 2 === 1) return [];
    const path = fields[at + 1] ?? '';
    const [modeBefore = '', modeAfter = '', blobBefore = '', blobAfter = '', status = ''] = row.slice(1).split(' ');
    const before = versionOf(modeBefore, blobBefore);
    const after = versionOf(modeAfter, blobAfter);
    return [{ path, status: STATUS[status] ?? 'modified', ...(counts.get(path) ?? NO_LINES), before, after }];
  });
}

const NO_LINES = { added: 0, deleted: 0 };

function parseCount(row: string): [string, { added: number | null; deleted: number | null }] {
  const [added = '', deleted = '', ...path] = row.split('\t');
  const lines = (count: string) => (count === '-' ? null : Number(count));
  return [path.join('\t'), { added: lines(added), deleted: lines(deleted) }];
}

function versionOf(mode: string, blob: string): FileVersion | null {
  return mode === '000000' ? null : { mode: mode as FileMode, blob };
}
