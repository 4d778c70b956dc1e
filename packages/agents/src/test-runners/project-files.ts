import { globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What detection may ask of a project. Paths are relative to the project's directory and use `/`; `..` reaches a monorepo's root. */
export interface ProjectFiles {
  exists(path: string): boolean;
  /** The text of a file, or undefined when there is none. */
  readText(path: string): string | undefined;
  /** Paths of files that match a glob, sorted; dependencies, virtual environments and hidden directories are left out. */
  list(glob: string): readonly string[];
}

const excluded = new Set(['node_modules', '__pycache__', 'site-packages', 'venv', 'dist', 'coverage']);

/** The files below a directory of this machine. */
export function directoryFiles(directory: string): ProjectFiles {
  return {
    exists: (path) => statSync(join(directory, path), { throwIfNoEntry: false }) !== undefined,
    readText: (path) => readTextFile(join(directory, path)),
    list: (glob) =>
      globSync(glob, { cwd: directory, exclude: isExcluded })
        .filter((path) => isFile(join(directory, path)))
        .toSorted(),
  };
}

function isExcluded(path: string): boolean {
  return path.split('/').some((part) => excluded.has(part) || (part.startsWith('.') && part.length > 2));
}

function readTextFile(path: string): string | undefined {
  return isFile(path) ? readFileSync(path, 'utf8') : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The names of a directory's entries, sorted; none when it cannot be read. */
export function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return []; // Missing or unreadable: there is nothing to find in it.
  }
}

/** A directory and its parents, innermost first, as paths relative to the first: `.`, `..`, `../..`. */
export function* upwards(levels: number): Generator<string> {
  for (let level = 0; level <= levels; level += 1) yield level === 0 ? '.' : Array<string>(level).fill('..').join('/');
}
