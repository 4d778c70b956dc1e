import { constants } from 'node:fs';
import { lstat, open, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { objectId, type FileMode } from './git-objects.ts';
import type { FileVersion } from './tree-diff.ts';
import { foldersAbove } from './tree-path.ts';
import { WorkspaceError, isAbsent, systemCode } from './workspace-error.ts';

/** What is at a path of a user's directory, where a tree may have a file. */
export type Observed =
  | { readonly kind: 'nothing' }
  /** A folder, or a path below something that is no folder (`blockedBy`). */
  | { readonly kind: 'folder' }
  | { readonly kind: 'blocked'; readonly blockedBy: string }
  | { readonly kind: 'through_link' }
  | ({ readonly kind: 'file'; readonly stamp: string; readonly permissions: number } & FileVersion & Ownership);

export interface Ownership {
  readonly uid: number;
  readonly gid: number;
}

/** Looks without following any link below `directory`. @throws WorkspaceError `unreadable` */
export async function observe(directory: string, path: string): Promise<Observed> {
  try {
    for (const folder of foldersAbove(path)) {
      const found = await lstat(join(directory, folder));
      if (found.isSymbolicLink()) return { kind: 'through_link' };
      if (!found.isDirectory()) return { kind: 'blocked', blockedBy: folder };
    }
    return await observeEntry(join(directory, path));
  } catch (error) {
    if (isAbsent(error)) return { kind: 'nothing' };
    throw new WorkspaceError('unreadable', `${path} cannot be read: ${String(error)}`, { path, cause: error });
  }
}

async function observeEntry(place: string): Promise<Observed> {
  const found = await lstat(place, { bigint: true });
  if (found.isDirectory()) return { kind: 'folder' };
  const content = found.isSymbolicLink() ? await readlink(place, { encoding: 'buffer' }) : await readRegular(place);
  const stamp = [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(':');
  const mode: FileMode = found.isSymbolicLink() ? '120000' : (found.mode & 0o100n) === 0n ? '100644' : '100755';
  const permissions = Number(found.mode & 0o7777n);
  const blob = content === undefined ? '' : objectId('blob', content);
  return { kind: 'file', stamp, permissions, mode, blob, uid: Number(found.uid), gid: Number(found.gid) };
}

/** A file's bytes, or undefined for a socket, a fifo or a device: those equal no version of any file. */
async function readRegular(place: string): Promise<Buffer | undefined> {
  try {
    await using handle = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return (await handle.stat()).isFile() ? await handle.readFile() : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENXIO' || systemCode(error) === 'ELOOP') return undefined;
    throw error;
  }
}
