import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { whileCollecting } from './collection.ts';
import { runGit } from './git-process.ts';
import { syncPath } from './object-store.ts';
import { lines, reachableObjects } from './reachable-objects.ts';

export interface CollectedObjects {
  readonly objects: number;
  /** On disk, compressed. */
  readonly bytes: number;
  /** The store was used within the grace: nothing was removed. */
  readonly inUse: boolean;
}

export interface CollectionWish {
  /** What is kept: every digest that a log, or a command that waits, names. */
  readonly digests: ReadonlySet<string>;
  /** Nothing is removed from a store that was used so short a time ago. */
  readonly graceMs: number;
  readonly isDryRun: boolean;
}

const NOTHING: CollectedObjects = { objects: 0, bytes: 0, inUse: false };

/**
 * Removes the objects that no digest leads to. What is kept is durable in a new pack before anything is deleted, and
 * only what was there when the collection began is: a kill in the middle loses nothing.
 */
export async function collectObjects(
  dataDirectory: string,
  { digests, graceMs, isDryRun }: CollectionWish,
): Promise<CollectedObjects> {
  const gitDirectory = join(dataDirectory, 'objects.git');
  if (!existsSync(gitDirectory)) return NOTHING;
  const survey = async (): Promise<Survey> => await surveyOf(gitDirectory, digests);
  if (isDryRun) return tellOf(await survey());
  const found = await whileCollecting(gitDirectory, graceMs, async () => {
    const surveyed = await survey();
    if (surveyed.garbage.size > 0) await rewrite(gitDirectory, surveyed);
    return surveyed;
  });
  return found === 'in_use' ? { ...NOTHING, inUse: true } : tellOf(found);
}

interface Survey {
  readonly kept: ReadonlySet<string>;
  /** Bytes on disk by object. */
  readonly garbage: ReadonlyMap<string, number>;
  readonly packs: readonly string[];
  readonly loose: readonly string[];
}

async function surveyOf(gitDirectory: string, digests: ReadonlySet<string>): Promise<Survey> {
  const kept = await reachableObjects(gitDirectory, digests);
  const args = ['cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objectsize:disk)'];
  const rows = (await runGit({ gitDirectory, args }))
    .toString('utf8')
    .split('\n')
    .filter((row) => row !== '');
  const all = rows.map((row) => [row.slice(0, 64), Number(row.slice(65))] as const);
  return { kept, garbage: new Map(all.filter(([id]) => !kept.has(id))), ...(await filesOf(gitDirectory)) };
}

async function filesOf(gitDirectory: string): Promise<Pick<Survey, 'packs' | 'loose'>> {
  const objects = join(gitDirectory, 'objects');
  const packs = existsSync(join(objects, 'pack')) ? await readdir(join(objects, 'pack')) : [];
  const fans = (await readdir(objects)).filter((name) => /^[0-9a-f]{2}$/u.test(name));
  const loose: string[] = [];
  for (const fan of fans) loose.push(...(await readdir(join(objects, fan))).map((name) => join(objects, fan, name)));
  return { packs: packs.map((name) => join(objects, 'pack', name)), loose };
}

function tellOf({ garbage }: Survey): CollectedObjects {
  const bytes = [...garbage.values()].reduce((sum, each) => sum + each, 0);
  return { objects: garbage.size, bytes, inUse: false };
}

async function rewrite(gitDirectory: string, { kept, packs, loose }: Survey): Promise<void> {
  const folder = join(gitDirectory, 'objects', 'pack');
  const id = kept.size === 0 ? undefined : await packKept(gitDirectory, join(folder, 'pack'), kept);
  await syncPath(folder);
  const isNew = (path: string): boolean => id !== undefined && path.includes(`pack-${id}.`);
  // An index without its pack would be read: the index goes first.
  const old = packs
    .filter((path) => !isNew(path))
    .toSorted((a, b) => Number(b.endsWith('.idx')) - Number(a.endsWith('.idx')));
  for (const path of [...old, ...loose]) await rm(path, { force: true });
}

async function packKept(gitDirectory: string, base: string, kept: ReadonlySet<string>): Promise<string> {
  const output = await runGit({ gitDirectory, args: ['pack-objects', '-q', base], input: lines(kept) });
  return output.toString('utf8').trim();
}
