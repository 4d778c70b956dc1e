import { hash } from 'node:crypto';
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
  const files = await differences(store, before, after);
  const args = [
    'diff-tree',
    '-r',
    '-p',
    '--binary',
    '--full-index',
    '--src-prefix=a/',
    '--dst-prefix=b/',
    '--no-renames',
  ];
  const [printed, blobs] = await Promise.all([
    store.inspect([...args, '--no-color', '--no-ext-diff', '--no-textconv', before, after]),
    store.read(files.flatMap((file) => [file.before?.blob ?? [], file.after?.blob ?? []].flat())),
  ]);
  const patch = withUsersIds(printed, blobs);
  return { text: patch.toString('utf8'), patch, files };
}

/**
 * Names the versions as the user's SHA-1 repository does, where the store prints its SHA-256 ids: `git apply` checks them
 * for binary files, and finds the common ancestor of a three-way merge by them. No line of content starts with `index`.
 */
function withUsersIds(printed: Buffer, blobs: ReadonlyMap<string, Buffer>): Buffer {
  const idOf = (blob: string, length: number) => {
    const content = blobs.get(blob);
    if (content === undefined) return '0'.repeat(length);
    return hash('sha1', Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]), 'hex').slice(0, length);
  };
  const header = /(^|\n)index ([0-9a-f]{64})\.\.([0-9a-f]{64})([^\n]*\n)(GIT binary patch)?/gu;
  const rewritten = printed
    .toString('latin1')
    .replace(header, (_, start: string, a: string, b: string, rest: string, binary: string | undefined) => {
      const length = binary === undefined ? 10 : 40;
      return `${start}index ${idOf(a, length)}..${idOf(b, length)}${rest}${binary ?? ''}`;
    });
  return Buffer.from(rewritten, 'latin1');
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
