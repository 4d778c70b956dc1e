import {
  compactStore,
  countPayloads,
  purgeableRow,
  purgeRun,
  whileOwning,
  type EventStore,
  type PurgedRun,
} from '@vltair/core';
import { VltairError } from '@vltair/protocol';
import { findRun } from './find-run.ts';
import { openStore, readingStore, type StoreOptions } from './open-store.ts';

export interface PurgeRequest {
  /** As people name runs. */
  readonly name: string;
  readonly by: string;
  readonly reason?: string;
  readonly now: number;
}

export interface Purge {
  /** The run and its children, of which each says a part of what it said. */
  readonly runs: readonly PurgedRun[];
  /** Whether the database was written anew, so that no byte is left in what it had set free, nor in its log. */
  readonly isCompacted: boolean;
}

const ALL = 1_000_000;

/** What a purge would erase. @throws VltairError as {@link purgeRuns}. */
export async function previewPurge(options: StoreOptions, name: string): Promise<readonly PurgedRun[]> {
  return await readingStore(options, async (store) => {
    const previewed: PurgedRun[] = [];
    for (const run of await familyOf(store, name)) previewed.push({ run, payloads: await countPayloads(store, run) });
    return previewed;
  });
}

/**
 * Erases the payloads of a finished run and of its children for good.
 *
 * @throws VltairError `unavailable/store_locked` while a process works in the store; what {@link purgeRun} throws.
 */
export async function purgeRuns(options: StoreOptions, request: PurgeRequest): Promise<Purge> {
  const { name, now, ...wish } = request;
  const store = await openStore(options, 'write');
  const runs: PurgedRun[] = [];
  try {
    for (const run of await familyOf(store, name)) runs.push(await purgeRun(store, run, { ...wish, now }));
  } finally {
    await store.close();
  }
  return { runs, isCompacted: await compacted(options, now) };
}

/** The run first. Nothing is erased unless all of it may be. */
async function familyOf(store: EventStore, name: string): Promise<readonly string[]> {
  const { run } = await findRun(store, name);
  const children = (await store.runs({ idPart: `${run}.`, limit: ALL })).filter((row) => row.run.startsWith(`${run}.`));
  const family = [run, ...children.map((row) => row.run)];
  for (const member of family) await purgeableRow(store, member);
  return family;
}

/** Another process may have begun to work there: what was erased is overwritten in any case. */
async function compacted(options: StoreOptions, now: number): Promise<boolean> {
  if (options.configuration.databaseUrl !== undefined) return false; // VACUUM is the database's own affair
  try {
    const { isWiped } = await whileOwning(options.dataDirectory, now, () => compactStore(options.dataDirectory, now));
    return isWiped;
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'unavailable/store_locked') return false;
    throw error;
  }
}
