import { hash } from 'node:crypto';
import {
  access,
  constants,
  lstat,
  mkdir,
  open,
  rename,
  rm,
  rmdir,
  symlink,
  lchown,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileMode } from './git-objects.ts';
import { syncPath } from './object-store.ts';
import type { Observed, Ownership } from './observed-file.ts';
import { foldersAbove } from './tree-path.ts';
import { WorkspaceError, isAbsent, systemCode } from './workspace-error.ts';

/** One file to replace, add or (`file: null`) remove. */
export interface Step {
  readonly path: string;
  readonly file: { readonly content: Buffer; readonly mode: FileMode } | null;
  readonly observed: Observed;
  readonly changesMode: boolean;
}

export type PlacementResult =
  { readonly kind: 'placed' } | { readonly kind: 'moved'; readonly files: readonly string[] };

/**
 * Puts files into a directory in two stages: every new content is on disk under a temporary name before the first file
 * is replaced, so that a full disk or a missing permission is met while nothing has changed.
 */
export class Placement {
  readonly #root: string;
  readonly #keptFolders: ReadonlySet<string>;

  constructor(root: string, keptFolders: ReadonlySet<string>) {
    this.#root = root;
    this.#keptFolders = keptFolders;
  }

  /** Removes the temporary files that an interrupted call may have left for these paths. */
  async removeLeftovers(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      for (const folder of ['', ...foldersAbove(path)]) {
        await rm(join(this.#root, folder, temporaryName(path)), { force: true }).catch(absentAsUndefined);
      }
    }
  }

  /** Stages, asks `haveMoved` a last time, then removes and replaces. */
  async carryOut(steps: readonly Step[], haveMoved: () => Promise<readonly string[]>): Promise<PlacementResult> {
    const staged = new Map<string, string>();
    try {
      for (const step of steps) await this.#explained(step, async () => await this.#requireWritable(step));
      for (const step of steps) await this.#explained(step, async () => await this.#stage(step, staged));
      const moved = await haveMoved();
      if (moved.length > 0) return { kind: 'moved', files: moved };
      const [removals, replacements] = [
        steps.filter(({ file }) => file === null),
        steps.filter(({ file }) => file !== null),
      ];
      for (const step of removals) await this.#explained(step, async () => await rm(join(this.#root, step.path)));
      await this.prune(removals.map(({ path }) => path));
      for (const step of replacements) await this.#explained(step, async () => await this.#replace(step, staged));
      await this.#sync(steps);
      return { kind: 'placed' };
    } finally {
      for (const temporary of staged.values()) await rm(temporary, { force: true });
    }
  }

  /** Removes the folders above removed files that the tree does not have any more and that are empty. */
  async prune(removed: readonly string[]): Promise<void> {
    for (const folder of removed.flatMap((path) => foldersAbove(path).toReversed())) {
      if (this.#keptFolders.has(folder)) continue;
      await rmdir(join(this.#root, folder)).catch((error: unknown) => {
        // Filled with files that were never captured: theirs to keep.
        if (!isAbsent(error) && systemCode(error) !== 'ENOTEMPTY') throw error;
      });
    }
  }

  async #requireWritable({ path, observed }: Step): Promise<void> {
    const isReadOnly = observed.kind === 'file' && observed.mode !== '120000' && (observed.permissions & 0o222) === 0;
    if (isReadOnly) throw new WorkspaceError('unwritable', `${path} is read-only`, { path });
    const folder = await this.#nearestFolder(path);
    await access(folder, constants.W_OK | constants.X_OK);
    // Root may write anywhere; a folder that nobody may write is meant to stay as it is.
    if (((await lstat(folder)).mode & 0o222) === 0) {
      throw new WorkspaceError('unwritable', `the folder of ${path} is read-only`, { path });
    }
  }

  async #stage({ path, file, observed, changesMode }: Step, staged: Map<string, string>): Promise<void> {
    if (file === null) return;
    const folder = await this.#nearestFolder(path);
    const temporary = join(folder, temporaryName(path));
    staged.set(path, temporary);
    const owner = observed.kind === 'file' ? observed : await lstat(folder);
    if (file.mode === '120000') {
      await symlink(file.content, temporary);
      if (process.getuid?.() === 0) await lchown(temporary, owner.uid, owner.gid);
      return;
    }
    await using handle = await open(temporary, 'wx', file.mode === '100755' ? 0o777 : 0o666);
    await handle.writeFile(file.content);
    await takeOwner(handle, owner);
    if (observed.kind === 'file') await handle.chmod(permissionsOf(observed.permissions, file.mode, changesMode));
    await handle.sync();
  }

  async #replace({ path }: Step, staged: Map<string, string>): Promise<void> {
    const temporary = staged.get(path);
    if (temporary === undefined) return;
    for (const folder of foldersAbove(path)) await this.#makeFolder(join(this.#root, folder));
    await rename(temporary, join(this.#root, path));
    staged.delete(path);
  }

  async #makeFolder(folder: string): Promise<void> {
    try {
      await mkdir(folder);
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return;
      throw error;
    }
    const { uid, gid } = await lstat(dirname(folder));
    if (process.getuid?.() === 0) await lchown(folder, uid, gid);
  }

  /** The innermost folder above a path that is there. */
  async #nearestFolder(path: string): Promise<string> {
    for (const folder of foldersAbove(path).toReversed()) {
      const found = await lstat(join(this.#root, folder)).catch(absentAsUndefined);
      if (found?.isDirectory() === true) return join(this.#root, folder);
    }
    return this.#root;
  }

  async #sync(steps: readonly Step[]): Promise<void> {
    const folders = new Set(steps.flatMap(({ path }) => ['', ...foldersAbove(path)]));
    for (const folder of folders) await syncPath(join(this.#root, folder));
  }

  async #explained(step: Step, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      throw explain(error, step.path);
    }
  }
}

/** Fixed for a path, so that a repeated call finds what a killed one left. */
function temporaryName(path: string): string {
  return `.vltair-${hash('sha256', path, 'hex').slice(0, 16)}.tmp`;
}

async function takeOwner(handle: FileHandle, { uid, gid }: Ownership): Promise<void> {
  const own = await handle.stat();
  const isRoot = process.getuid?.() === 0;
  if (isRoot && (own.uid !== uid || own.gid !== gid)) await handle.chown(uid, gid);
}

function permissionsOf(permissions: number, mode: FileMode, changesMode: boolean): number {
  if (!changesMode) return permissions;
  return mode === '100755' ? permissions | ((permissions & 0o444) >> 2) : permissions & ~0o111;
}

function absentAsUndefined(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}

function explain(error: unknown, path: string): unknown {
  const code = systemCode(error) ?? '';
  if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code)) {
    return new WorkspaceError('directory_full', `no space left while writing ${path}`, { path, cause: error });
  }
  if (['EACCES', 'EPERM', 'EROFS'].includes(code)) {
    return new WorkspaceError('unwritable', `${path} cannot be written: ${code}`, { path, cause: error });
  }
  return error;
}
