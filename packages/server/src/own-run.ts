import { isEndStatus } from '@vltair/core';
import { VltairError } from '@vltair/protocol';
import { readingStore, type StoreOptions } from './open-store.ts';

/**
 * Refuses to go on with a run of another store, imported or restored for reading, before anything is opened for it.
 *
 * @throws VltairError `invalid_argument/run_imported`
 */
export async function requireOwnRun(options: StoreOptions, run: string): Promise<void> {
  const row = await readingStore(options, async (store) => await store.run(run));
  if (row?.origin !== undefined && !isEndStatus(row.status))
    throw new VltairError('invalid_argument/run_imported', { detail: `${run} is signed by ${row.origin}` });
}
