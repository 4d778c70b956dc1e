import { lstat, mkdir, readFile, readdir, readlink, realpath, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isInside, realpathOrSame } from './real-path.ts';
import { foldersAbove, refusalOfPath } from './tree-path.ts';
import { WorkspaceError, isAbsent, systemCode } from './workspace-error.ts';

/**
 * Makes the installed dependencies of the user's directory usable in a clone without copying them.
 *
 * - D1: a `node_modules` of the clone is a REAL directory of links, so that a tool that writes `node_modules/.vite`
 *   writes into the clone.
 * - D2: a link that leads to a place inside the user's directory (`node_modules/pkg-a -> ../packages/a`) leads to the
 *   same place inside the CLONE; tests run against the tree, never against the user's files.
 * - D3: everything else is a link to the user's absolute path. Writing through such a link is for the sandbox to
 *   forbid: it exposes `readOnlyPaths` read-only.
 */
export interface LinkedDependencies {
  /** Absolute, canonical, existing host paths, sorted. */
  readonly readOnlyPaths: readonly string[];
}

/**
 * Folders of package managers and generated clients. No package's name starts with a dot, so every other such folder is
 * some tool's cache, and each clone gets its own.
 */
const HIDDEN_PARTS = new Set(['.bin', '.pnpm', '.store', '.prisma']);

interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * Links `paths` (relative to `from`) into `clone`, and the `node_modules` of the folders above `from` into the one at the
 * clone's root: what is nearer wins a name, as in Node's resolution. They cannot stand above the clone, because tools
 * write into the nearest `node_modules` that they find, and only the clone is theirs to write.
 * @throws WorkspaceError `unreadable`, `invalid_path`
 */
export async function linkDependencies(
  from: string,
  paths: readonly string[],
  clone: string,
): Promise<LinkedDependencies> {
  const linker = new Linker({ from, to: clone });
  for (const path of paths) {
    const refusal = refusalOfPath(path);
    if (refusal !== undefined) throw new WorkspaceError('invalid_path', refusal, { path });
    if (basename(path) === 'node_modules') await linker.linkFolder(join(from, path), path);
    else await linker.linkWhole(join(from, path), path);
  }
  for (let at = dirname(from); at !== dirname(at); at = dirname(at)) {
    await linker.linkFolder(join(at, 'node_modules'), 'node_modules');
  }
  return { readOnlyPaths: linker.readOnlyPaths() };
}

class Linker {
  readonly #move: Move;
  readonly #exposed = new Set<string>();

  constructor(move: Move) {
    this.#move = move;
  }

  readOnlyPaths(): readonly string[] {
    const paths = [...this.#exposed].sort();
    return paths.filter((path) => !paths.some((other) => other !== path && isInside(other, path)));
  }

  /** Links what is in a host folder into the folder `path` of the clone. */
  async linkFolder(source: string, path: string): Promise<void> {
    const canonical = await realpathOrSame(source);
    const entries = await entriesOf(canonical);
    if (entries.length === 0 || !(await this.#makeFolder(path))) return;
    await this.#expose(canonical);
    for (const entry of entries) {
      const [inner, place] = [join(canonical, entry.name), join(path, entry.name)];
      const isNested = entry.isDirectory() && (entry.name.startsWith('@') || entry.name === '.bin');
      if (entry.isDirectory() && entry.name.startsWith('.') && !HIDDEN_PARTS.has(entry.name)) continue;
      if (isNested) await this.linkFolder(inner, place);
      else if (entry.isSymbolicLink()) await this.#linkAgain(inner, join(this.#move.to, place));
      else await placeLink(inner, join(this.#move.to, place));
    }
  }

  /** A virtual environment, or whatever else is used as a whole. */
  async linkWhole(source: string, path: string): Promise<void> {
    const canonical = await realpathOrSame(source);
    if (!(await isThere(canonical)) || !(await this.#makeFolder(dirname(path)))) return;
    await this.#expose(canonical);
    const home = await pythonHome(canonical);
    if (home !== undefined) await this.#expose(home);
    await placeLink(canonical, join(this.#move.to, path));
  }

  async #linkAgain(source: string, target: string): Promise<void> {
    const leadsTo = resolve(dirname(source), await readlink(source));
    const { from, to } = this.#move;
    if (isInside(from, leadsTo)) {
      await placeLink(relative(dirname(target), join(to, relative(from, leadsTo))), target);
      return;
    }
    await this.#expose(leadsTo);
    await placeLink(leadsTo, target);
  }

  /**
   * Makes a folder of the clone. False when a link or a file of the tree, or a link placed before, is in the way: what
   * would be made behind it would be outside of the clone.
   */
  async #makeFolder(path: string): Promise<boolean> {
    for (const folder of [...foldersAbove(path), path]) {
      const place = join(this.#move.to, folder);
      if (!(await isThere(place))) await mkdir(place);
      else if (!(await lstat(place)).isDirectory()) return false;
    }
    return true;
  }

  async #expose(path: string): Promise<void> {
    const canonical = await realpath(path).catch(() => undefined); // a dangling link exposes nothing at all
    // A folder that holds the user's directory would expose its untouched sources.
    if (canonical === undefined || isInside(canonical, this.#move.from)) return;
    this.#exposed.add(canonical);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw new WorkspaceError('unreadable', `dependencies ${folder} cannot be listed`, { path: folder, cause: error });
  }
}

async function placeLink(target: string, at: string): Promise<void> {
  try {
    await symlink(target, at);
  } catch (error) {
    // Something nearer to the project has this name already: it wins, as it does in Node's resolution.
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/** The installation that a virtual environment's interpreter comes from; `/usr` and the like are always exposed. */
async function pythonHome(environment: string): Promise<string | undefined> {
  const file = join(environment, 'pyvenv.cfg');
  const config = await readFile(file, 'utf8').catch(() => ''); // no file: no virtual environment, nothing to expose
  const bin = /^home\s*=\s*(.+)$/mu.exec(config)?.[1]?.trim();
  return bin === undefined ? undefined : dirname(await realpathOrSame(bin));
}
