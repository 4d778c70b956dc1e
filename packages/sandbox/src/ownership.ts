/** Hands a work directory over to the user that the command runs as. */
import { lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Privileges } from './tiers/launch.ts';

/**
 * Changes the owner of the tree. Files with several names stay as they are: one of the names may be in the tree that a
 * clone was made from, whose owner is not ours to change. Other file systems mounted below are left alone.
 */
export async function handOver(directory: string, { uid, gid }: Privileges): Promise<void> {
  const { dev } = await lstat(directory);
  const walk = async (path: string): Promise<void> => {
    const facts = await lstat(path);
    if (facts.dev !== dev || (!facts.isDirectory() && facts.nlink > 1)) return;
    if (facts.uid !== uid || facts.gid !== gid) await lchown(path, uid, gid);
    if (!facts.isDirectory()) return;
    await Promise.all((await readdir(path)).map((name) => walk(join(path, name))));
  };
  await walk(directory);
}
