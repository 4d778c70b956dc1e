import { isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Turns the file names that a runner prints into paths relative to the workspace root. */
export interface WorkspacePaths {
  /** The path relative to the root, with `/`; undefined outside the workspace, in a dependency, or in a hidden directory of ours. */
  relative(file: string | undefined): string | undefined;
  /** A message with the names of the root taken out, so that it reads the same wherever the workspace lies. */
  relativeText(text: string): string;
}

const notSource = /(^|\/)(node_modules|site-packages|\.vltair-tests|\.venv)(\/|$)/;

/** `roots` are all names of the root (as the sandbox mounts it, with and without symbolic links); relative names are meant from `directory`. */
export function workspacePaths(roots: readonly string[], directory: string): WorkspacePaths {
  const known = [...new Set(roots.map((root) => resolve(root)))];
  const longestFirst = known.toSorted((a, b) => b.length - a.length);
  return {
    relative(file) {
      const plain = plainPath(file);
      if (plain === undefined) return undefined;
      const candidates = isAbsolute(plain) ? known.map((root) => relative(root, plain)) : [join(directory, plain)];
      return candidates.find(
        (path) => path !== '' && path !== '..' && !path.startsWith('../') && !isAbsolute(path) && !notSource.test(path),
      );
    },
    relativeText: (text) =>
      longestFirst.reduce(
        (shorter, root) => shorter.replaceAll(`file://${root}/`, '').replaceAll(`${root}/`, ''),
        text,
      ),
  };
}

function plainPath(file: string | undefined): string | undefined {
  if (file === undefined || file === '' || file.includes('<') || file.startsWith('node:')) return undefined;
  if (!file.startsWith('file://')) return file.split('?', 1)[0];
  try {
    return fileURLToPath(file.split(/[?#]/, 1)[0] ?? file);
  } catch {
    return undefined; // A URL that names no local file.
  }
}
