import { collectObjects, catalogued, packObjects, unpackObjects, type CollectedObjects } from '@vltair/agents';
import {
  backupStore,
  compactStore,
  countLeftovers,
  digestsIn,
  restoreStore,
  whileOwning,
  type BackupWish,
  type CheckedBackup,
  type CompactedStore,
  type Leftovers,
  type RestoredStore,
  type RestoreWish,
} from '@vltair/core';

/** What a collection of everything that nothing refers to came to. */
export interface Collection {
  readonly store: Leftovers | CompactedStore;
  readonly objects: CollectedObjects;
}

interface CollectionOptions {
  readonly dataDirectory: string;
  readonly isDryRun: boolean;
  /** Workspaces that were used so short a time ago are left alone. */
  readonly graceMs: number;
  readonly now: number;
}

/**
 * Removes what nothing in a data directory refers to, or, on a dry run, counts it.
 *
 * @throws VltairError `unavailable/store_locked` while a process works there: its runs are about to name new trees.
 */
export async function collectGarbage({
  dataDirectory,
  isDryRun,
  graceMs,
  now,
}: CollectionOptions): Promise<Collection> {
  const objects = async (): Promise<CollectedObjects> =>
    await catalogued(collectObjects(dataDirectory, { digests: digestsIn(dataDirectory), graceMs, isDryRun }));
  if (isDryRun) return { store: countLeftovers(dataDirectory, now), objects: await objects() };
  return await whileOwning(dataDirectory, now, async () => {
    const store = compactStore(dataDirectory, now);
    return { store, objects: await objects() };
  });
}

/** Copies a data directory, also one that a process works in. */
export async function backUp(wish: Omit<BackupWish, 'packObjects'>): Promise<CheckedBackup> {
  return await backupStore({
    ...wish,
    packObjects: async (digests, file) => void (await catalogued(packObjects(wish.directory, digests, file))),
  });
}

/** Makes a new data directory of a backup. */
export async function restoreBackup(wish: Omit<RestoreWish, 'unpackObjects'>): Promise<RestoredStore> {
  return await restoreStore({
    ...wish,
    unpackObjects: async (file, directory) => await catalogued(unpackObjects(file, directory)),
  });
}
