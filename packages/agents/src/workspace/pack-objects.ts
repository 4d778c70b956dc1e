import { createReadStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runGit } from './git-process.ts';
import { ObjectStore } from './object-store.ts';
import { lines, reachableObjects } from './reachable-objects.ts';

/**
 * Writes what digests lead to into a pack file; gives the number of objects. No file for none.
 *
 * @throws WorkspaceError `corrupt` when something of a tree is missing.
 */
export async function packObjects(dataDirectory: string, digests: Iterable<string>, file: string): Promise<number> {
  const gitDirectory = join(dataDirectory, 'objects.git');
  if (!existsSync(gitDirectory)) return 0;
  const objects = await reachableObjects(gitDirectory, digests);
  if (objects.size === 0) return 0;
  const base = join(dirname(file), 'pack');
  const id = (await runGit({ gitDirectory, args: ['pack-objects', '-q', base], input: lines(objects) }))
    .toString('utf8')
    .trim();
  await rename(`${base}-${id}.pack`, file);
  for (const extension of ['idx', 'rev']) await rm(`${base}-${id}.${extension}`, { force: true });
  return objects.size;
}

/** Takes such a file into the object store of a data directory, every object checked against its id. */
export async function unpackObjects(file: string, dataDirectory: string): Promise<void> {
  const { gitDirectory } = await ObjectStore.open(dataDirectory);
  await runGit({ gitDirectory, args: ['index-pack', '--strict', '--stdin'], input: createReadStream(file) });
}
