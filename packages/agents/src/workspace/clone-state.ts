import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  type BigIntStats,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { objectId, type TreeEntry } from './git-objects.ts';
import { foldersAbove } from './tree-path.ts';

/** What should be at a path of a clone. */
export type Expected =
  | { readonly kind: 'folder' }
  | { readonly kind: 'file'; readonly entry: TreeEntry }
  | { readonly kind: 'dependency'; readonly target: string };

/** How a clone differs from what was put there. */
export interface Damage {
  /** Outermost paths that nothing of ours is at. */
  readonly extra: readonly string[];
  /** Expected paths that are gone or differ in type, bytes or permissions, folders before what they contain. */
  readonly wrong: readonly string[];
}

interface Known {
  readonly expected: Expected;
  stamp: string;
  /** Written so shortly before it was looked at that a later write may leave the same time stamps: bytes decide. */
  isRecent: boolean;
}

const SLICE = 256;
/** File systems stamp files with the kernel's tick, at most 10 ms; the rest is margin. */
const TICK_MS = 40;

/**
 * Knows the clone's files by inode, size, times and mode, so that telling whether a command changed anything costs one
 * `lstat` a file. The change time cannot be set back by the command that ran, which is what makes this safe.
 */
export class CloneState {
  readonly #directory: string;
  readonly #known = new Map<string, Known>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  expected(path: string): Expected | undefined {
    return this.#known.get(path)?.expected;
  }

  /** Records that `expected` is now at the path, and folders above it. */
  remember(path: string, expected: Expected): void {
    for (const folder of foldersAbove(path)) {
      if (!this.#known.has(folder)) this.#stamp(folder, { kind: 'folder' });
    }
    this.#stamp(path, expected);
  }

  forget(path: string): void {
    this.#known.delete(path);
  }

  /** Remembers the folders and links that are there and are not known: the dependencies placed by `linkDependencies`. */
  rememberDependencies(path: string): void {
    const found = lstatSync(join(this.#directory, path), { throwIfNoEntry: false });
    if (found === undefined) return;
    if (found.isSymbolicLink()) {
      this.remember(path, { kind: 'dependency', target: readlinkSync(join(this.#directory, path)) });
      return;
    }
    this.remember(path, { kind: 'folder' });
    for (const name of readdirSync(join(this.#directory, path))) this.rememberDependencies(`${path}/${name}`);
  }

  /** What should be there. */
  paths(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** The folders that should be there. */
  folders(): ReadonlySet<string> {
    return new Set([...this.#known].flatMap(([path, { expected }]) => (expected.kind === 'folder' ? [path] : [])));
  }

  /** Compares the directory with what is known. Folders without permissions for their owner get them back. */
  async compare(): Promise<Damage> {
    const extra: string[] = [];
    const intact = new Set<string>();
    const folders = [''];
    for (const [at, folder] of folders.entries()) {
      if (at % SLICE === SLICE - 1) await nextTurn();
      for (const name of this.#namesIn(folder)) {
        const path = folder === '' ? name : `${folder}/${name}`;
        const known = this.#known.get(path);
        if (known === undefined) extra.push(path);
        else if (this.#isIntact(path, known)) {
          intact.add(path);
          if (known.expected.kind === 'folder') folders.push(path);
        }
      }
    }
    const wrong = [...this.#known.keys()].filter((path) => !intact.has(path)).sort();
    return { extra, wrong };
  }

  #stamp(path: string, expected: Expected): void {
    const found = lstatSync(join(this.#directory, path), { bigint: true });
    const isRecent = Number(found.ctimeMs) > Date.now() - TICK_MS;
    this.#known.set(path, { expected, stamp: stampOf(found), isRecent });
  }

  #namesIn(folder: string): readonly string[] {
    const path = join(this.#directory, folder);
    const found = lstatSync(path, { throwIfNoEntry: false, bigint: true });
    if (found?.isDirectory() !== true) return [];
    if ((found.mode & 0o700n) !== 0o700n) chmodSync(path, Number(found.mode & 0o777n) | 0o700);
    return readdirSync(path);
  }

  #isIntact(path: string, known: Known): boolean {
    const found = lstatSync(join(this.#directory, path), { throwIfNoEntry: false, bigint: true });
    if (found === undefined) return false;
    if (known.expected.kind === 'folder') return found.isDirectory();
    if (stampOf(found) !== known.stamp) return false;
    if (!known.isRecent || known.expected.kind === 'dependency') return true;
    const isIntact = this.#hasBytes(path, known.expected.entry);
    known.isRecent = isIntact && Number(found.ctimeMs) > Date.now() - TICK_MS;
    return isIntact;
  }

  #hasBytes(path: string, entry: TreeEntry): boolean {
    const place = join(this.#directory, path);
    if (entry.mode === '120000') {
      return objectId('blob', readlinkSync(place, { encoding: 'buffer' })) === entry.blob;
    }
    const descriptor = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return fstatSync(descriptor).isFile() && objectId('blob', readFileSync(descriptor)) === entry.blob;
    } finally {
      closeSync(descriptor);
    }
  }
}

function stampOf({ ino, size, mtimeNs, ctimeNs, mode, uid }: BigIntStats): string {
  return `${ino}:${size}:${mtimeNs}:${ctimeNs}:${mode}:${uid}`;
}
