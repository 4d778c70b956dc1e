import { chmodSync, lchownSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { captureDirectory } from './capture.ts';
import { CloneState } from './clone-state.ts';
import type { Clone, CloneCapture, CloneChange, FileContent, Owner } from './clone.ts';
import { forceRemove } from './force-remove.ts';
import { aBlob, type TreeEntry } from './git-objects.ts';
import type { ObjectStore } from './object-store.ts';
import { ignoreRules } from './repository.ts';
import { differences } from './tree-diff.ts';
import { foldersAbove, refusalOfPath } from './tree-path.ts';
import { WorkspaceError, systemCode } from './workspace-error.ts';

interface CloneParts {
  readonly store: ObjectStore;
  readonly tree: string;
  readonly entries: readonly TreeEntry[];
  /** The folder that contains `directory`, and is removed with it. */
  readonly outer: string;
  readonly directory: string;
  readonly dependencies: readonly string[];
  readonly readOnlyPaths: readonly string[];
  readonly owner: Owner | undefined;
  readonly maxFileBytes: number;
}

/** A clone whose directory is there. Every step that writes first makes the folders above its path real: C1. */
export class DirectoryClone implements Clone {
  readonly directory: string;
  readonly tree: string;
  readonly readOnlyPaths: readonly string[];
  readonly #parts: CloneParts;
  readonly #state: CloneState;
  readonly #entries: ReadonlyMap<string, TreeEntry>;
  readonly #written = new Set<string>();
  readonly #contents = new Map<string, Buffer>();
  /** Folders that are there without any `write`. */
  #folders: ReadonlySet<string> = new Set();

  private constructor(parts: CloneParts) {
    this.#parts = parts;
    this.directory = parts.directory;
    this.tree = parts.tree;
    this.readOnlyPaths = parts.readOnlyPaths;
    this.#state = new CloneState(parts.directory);
    this.#entries = new Map(parts.entries.map((entry) => [entry.path, entry]));
  }

  /** Takes what is in the directory now as what should be there. */
  static async adopt(parts: CloneParts): Promise<DirectoryClone> {
    const clone = new DirectoryClone(parts);
    for (const path of parts.dependencies) clone.#state.rememberDependencies(path);
    // Ownership is part of a stamp: it is settled before the stamp that stays is taken.
    const owned = parts.owner === undefined ? [] : ['', ...clone.#entries.keys(), ...clone.#state.paths()];
    for (const path of new Set([...owned, ...owned.flatMap(foldersAbove)])) clone.#own(path);
    for (const path of parts.dependencies) clone.#state.rememberDependencies(path);
    for (const [at, entry] of parts.entries.entries()) {
      if (at % 512 === 511) await nextTurn();
      clone.#state.remember(entry.path, { kind: 'file', entry });
    }
    clone.#folders = clone.#state.folders();
    return clone;
  }

  async write(path: string, content: FileContent | null): Promise<void> {
    const refusal = this.#folders.has(path) ? 'is_directory' : refusalOfPath(path);
    if (refusal !== undefined) throw new WorkspaceError('invalid_path', refusal, { path });
    this.#written.add(path);
    if (content === null) await this.#remove(path);
    else await this.#put(path, Buffer.from(content), this.#entries.get(path)?.mode === '100755' ? '100755' : '100644');
  }

  async reset(changes: readonly CloneChange[] = []): Promise<void> {
    const written = [...this.#written];
    this.#written.clear();
    for (const path of written.filter((candidate) => !this.#entries.has(candidate))) await this.#remove(path);
    await this.#putBack(written);
    for (const { path, content } of changes) await this.write(path, content);
  }

  async isPristine(): Promise<boolean> {
    const { extra, wrong } = await this.#state.compare();
    return extra.length === 0 && wrong.length === 0;
  }

  async restore(): Promise<void> {
    mkdirSync(this.#parts.outer, { recursive: true, mode: 0o700 });
    await this.#makeFolder('');
    await this.reset();
    const { extra, wrong } = await this.#state.compare();
    for (const path of extra) await forceRemove(join(this.directory, path));
    for (const path of wrong) await this.#rebuild(path);
    await this.#putBack(wrong);
  }

  async capture(): Promise<CloneCapture> {
    const { store, tree, maxFileBytes, dependencies } = this.#parts;
    const { wrong } = await this.#state.compare();
    const doubtful = new Set([...wrong, ...this.#written]);
    const { tree: after } = await captureDirectory(store, this.directory, {
      ignores: await ignoreRules(store.gitDirectory, this.directory, undefined),
      tracked: new Set(this.#entries.keys()),
      excluded: dependencies.map((path) => join(this.directory, path)),
      maxFileBytes,
      known: (path) => (doubtful.has(path) ? undefined : this.#entries.get(path)),
    });
    return { tree: after, changes: await differences(store, tree, after) };
  }

  async dispose(): Promise<void> {
    await forceRemove(this.#parts.outer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  /** Puts the tree's content back at those of the paths that are files of the tree. */
  async #putBack(paths: readonly string[]): Promise<void> {
    const entries = paths.flatMap((path) => this.#entries.get(path) ?? []);
    const absent = entries.filter(({ blob }) => !this.#contents.has(blob)).map(({ blob }) => blob);
    const read = await this.#parts.store.read(absent);
    for (const { path, mode, blob } of entries) {
      const content = this.#contents.get(blob) ?? read.get(blob);
      if (content === undefined) throw new WorkspaceError('corrupt', `the object store has no blob ${blob}`, { path });
      // The few files that candidates change are put back many times.
      if (entries.length <= 8) this.#contents.set(blob, content);
      await this.#put(path, content, mode);
    }
  }

  async #rebuild(path: string): Promise<void> {
    const expected = this.#state.expected(path);
    if (expected?.kind === 'folder') await this.#makeFolder(path);
    if (expected?.kind !== 'dependency') return;
    symlinkSync(expected.target, await this.#clear(path));
    this.#own(path);
    this.#state.remember(path, expected);
  }

  async #put(path: string, content: Buffer, mode: TreeEntry['mode']): Promise<void> {
    const place = await this.#clear(path);
    if (mode === '120000') symlinkSync(content, place);
    else {
      writeFileSync(place, content, { flag: 'wx' });
      chmodSync(place, mode === '100755' ? 0o755 : 0o644);
    }
    this.#own(path);
    const entry = { path, mode, blob: aBlob(content).id, size: content.length };
    this.#state.remember(path, { kind: 'file', entry });
  }

  /** Removes a file, and the folders above it that only a `write` had made. */
  async #remove(path: string): Promise<void> {
    await forceRemove(await this.#clear(path));
    this.#state.forget(path);
    for (const folder of foldersAbove(path).toReversed()) {
      if (this.#folders.has(folder)) return;
      this.#state.forget(folder);
      await rmdir(join(this.directory, folder)).catch(toleratedWhenFilled);
    }
  }

  /** Makes the folders above a path real and the path itself free. */
  async #clear(path: string): Promise<string> {
    for (const folder of ['', ...foldersAbove(path)]) await this.#makeFolder(folder);
    const place = join(this.directory, path);
    if (lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true) await forceRemove(place);
    else rmSync(place, { force: true });
    return place;
  }

  async #makeFolder(folder: string): Promise<void> {
    const place = join(this.directory, folder);
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) {
      if ((found.mode & 0o700) !== 0o700) chmodSync(place, found.mode | 0o700);
      return;
    }
    rmSync(place, { force: true });
    mkdirSync(place, { mode: folder === '' ? 0o700 : 0o755 });
    this.#own(folder);
  }

  #own(path: string): void {
    const { owner } = this.#parts;
    if (owner !== undefined) lchownSync(join(this.directory, path), owner.uid, owner.gid);
  }
}

/** Something else is in the folder: not ours to remove here; `restore` finds it as extra. */
function toleratedWhenFilled(error: unknown): void {
  if (systemCode(error) !== 'ENOTEMPTY') throw error;
}
