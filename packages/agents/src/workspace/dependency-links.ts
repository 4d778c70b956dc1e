import { lstat, mkdir, readFile, readdir, readlink, realpath, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isInside, realpathOrSame } from './real-path.ts';
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

/** Caches that tools keep inside node_modules: each clone gets its own. */
const CACHES = new Set([
  '.cache',
  '.vite',
  '.vite-temp',
  '.vitest',
  '.tmp',
  '.nyc_output',
  '.rollup.cache',
  '.parcel-cache',
]);

interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * Links `paths` (relative to `from`) into `clone`, and the `node_modules` of the folders above `from` into `outer`, the
 * folder that contains the clone, where Node's resolution finds it; of several, the nearest holder of a name wins.
 */
export async function linkDependencies(
  from: string,
  paths: readonly string[],
  clone: string,
  outer: string,
): Promise<LinkedDependencies> {
  const linker = new Linker({ from, to: clone });
  for (const path of paths) {
    const source = join(from, path);
    const target = join(clone, path);
    if (basename(path) === 'node_modules') await linker.linkFolder(source, target);
    else await linker.linkWhole(source, target);
  }
  for (let at = dirname(from); at !== dirname(at); at = dirname(at)) {
    await linker.linkFolder(join(at, 'node_modules'), join(outer, 'node_modules'));
  }
  return { readOnlyPaths: await linker.readOnlyPaths(outer) };
}

class Linker {
  readonly #move: Move;
  readonly #exposed = new Set<string>();

  constructor(move: Move) {
    this.#move = move;
  }

  async readOnlyPaths(outer: string): Promise<readonly string[]> {
    const hasOuter = (await entriesOf(join(outer, 'node_modules'))).length > 0;
    const paths = [...this.#exposed, ...(hasOuter ? [join(outer, 'node_modules')] : [])].sort();
    return paths.filter((path) => !paths.some((other) => other !== path && isInside(other, path)));
  }

  async linkFolder(source: string, target: string): Promise<void> {
    const canonical = await realpathOrSame(source);
    const entries = await entriesOf(canonical);
    if (entries.length === 0) return;
    await this.#expose(canonical);
    await mkdir(target, { recursive: true });
    for (const entry of entries) {
      const [inner, place] = [join(canonical, entry.name), join(target, entry.name)];
      const isNested = entry.isDirectory() && (entry.name.startsWith('@') || entry.name === '.bin');
      if (CACHES.has(entry.name)) continue;
      if (isNested) await this.linkFolder(inner, place);
      else if (entry.isSymbolicLink()) await this.#linkAgain(inner, place);
      else await placeLink(inner, place);
    }
  }

  /** A virtual environment, or whatever else is used as a whole. */
  async linkWhole(source: string, target: string): Promise<void> {
    const canonical = await realpathOrSame(source);
    if ((await lstat(canonical).catch(() => undefined)) === undefined) return;
    await this.#expose(canonical);
    const home = await pythonHome(canonical);
    if (home !== undefined) await this.#expose(home);
    await mkdir(dirname(target), { recursive: true });
    await placeLink(canonical, target);
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

  async #expose(path: string): Promise<void> {
    const canonical = await realpath(path).catch(() => undefined);
    // A dangling link exposes nothing; a folder that holds the user's directory would expose its untouched sources.
    if (canonical === undefined || isInside(canonical, this.#move.from)) return;
    this.#exposed.add(canonical);
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
  const config = await readFile(join(environment, 'pyvenv.cfg'), 'utf8').catch(() => '');
  const bin = /^home\s*=\s*(.+)$/mu.exec(config)?.[1]?.trim();
  return bin === undefined ? undefined : dirname(await realpathOrSame(bin));
}
