/** Why a path, or a change at it, is refused. */
export type RefusalReason =
  | 'empty_path'
  | 'absolute_path'
  | 'outside_tree'
  | 'git_directory'
  | 'invalid_name'
  | 'duplicate_path'
  | 'protected'
  | 'is_directory'
  | 'is_link'
  | 'through_link'
  | 'parent_is_file';

const LONGEST_NAME_BYTES = 255;
const LONGEST_PATH_BYTES = 3_500;

/**
 * The reason why a relative, `/`-separated path may not name a file of a tree, or undefined when it may.
 *
 * Everything that a Linux file system can hold is allowed otherwise: spaces, quotes, newlines, backslashes, leading
 * dashes. `.git` is refused in any case, because some file systems fold case.
 */
export function refusalOfPath(path: string): RefusalReason | undefined {
  if (path === '') return 'empty_path';
  if (path.startsWith('/')) return 'absolute_path';
  if (path.includes('\0') || !path.isWellFormed() || Buffer.byteLength(path) > LONGEST_PATH_BYTES)
    return 'invalid_name';
  const names = path.split('/');
  if (names.includes('..')) return 'outside_tree';
  if (names.some((name) => name.toLowerCase() === '.git')) return 'git_directory';
  const isBad = (name: string) => name === '' || name === '.' || Buffer.byteLength(name) > LONGEST_NAME_BYTES;
  return names.some(isBad) ? 'invalid_name' : undefined;
}

/** The folders above a path, the outermost first: `a/b/c` gives `a`, `a/b`. */
export function foldersAbove(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, at) => names.slice(0, at + 1).join('/'));
}
