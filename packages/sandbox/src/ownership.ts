/** Hands a work directory over to the user that the command runs as. */
import { lchownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Privileges } from './privileges.ts';

/** Entries looked at before others get their turn: a few milliseconds. */
const ENTRIES_PER_TURN = 1000;

/**
 * Changes the owner of the tree. Files with several names stay as they are: one of the names may be in the tree that a
 * clone was made from, whose owner is not ours to change. Other file systems mounted below are left alone.
 */
export async function handOver(directory: string, { uid, gid }: Privileges): Promise<void> {
  const { dev } = lstatSync(directory);
  const waiting = [directory];
  for (let seen = 1, path = waiting.pop(); path !== undefined; seen += 1, path = waiting.pop()) {
    const facts = lstatSync(path, { throwIfNoEntry: false });
    if (facts?.dev !== dev || (!facts.isDirectory() && facts.nlink > 1)) continue;
    if (facts.uid !== uid || facts.gid !== gid) lchownSync(path, uid, gid);
    if (facts.isDirectory()) for (const name of readdirSync(path)) waiting.push(join(path, name));
    if (seen % ENTRIES_PER_TURN === 0) await nextTurn();
  }
}
