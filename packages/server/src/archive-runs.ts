import {
  Archiver,
  endStatuses,
  isEndStatus,
  type ArchivedRun,
  type EventStore,
  type RunRow,
  type RunStatus,
} from '@vltair/core';
import { VltairError } from '@vltair/protocol';
import { findRun } from './find-run.ts';
import { readingStore, requireFileStore, type StoreOptions } from './open-store.ts';

export interface ArchiveWish {
  /** As people name runs; none: every finished run that fits. */
  readonly names: readonly string[];
  readonly statuses: readonly RunStatus[] | undefined;
  /** Only runs that ended this long ago or longer. */
  readonly olderThanMs: number;
  readonly now: number;
}

const ALL = 1_000_000;

/**
 * Moves finished runs into the archive of their store, each in a transaction of its own, beside whoever works there.
 * Gives each as it has moved. One that is broken stays where it is and keeps no other back; one that goes on again is left alone.
 *
 * @throws VltairError `not_found/run`, `invalid_argument/run_unfinished` for a run that is named,
 * `invalid_argument/usage` for a status that is no end; of the first broken run, once the others have moved.
 */
export async function* archiveRuns(
  options: StoreOptions,
  wish: ArchiveWish,
): AsyncGenerator<ArchivedRun, void, undefined> {
  requireFileStore(options.configuration, 'archive');
  const runs = await readingStore(options, async (store) => await chosenRuns(store, wish));
  const archiver = new Archiver(options.dataDirectory);
  const broken: VltairError[] = [];
  try {
    for (const run of runs) {
      const archived = archiveOne(archiver, run, wish.now, broken);
      if (archived !== undefined) yield archived;
    }
  } finally {
    archiver.close();
  }
  if (broken[0] !== undefined) throw broken[0];
}

function archiveOne(archiver: Archiver, run: string, now: number, broken: VltairError[]): ArchivedRun | undefined {
  try {
    return archiver.archive(run, now);
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    if (error.reason === 'invalid_argument/run_unfinished') return undefined; // it was taken up again since it was chosen
    if (error.reason !== 'internal/chain_broken') throw error;
    broken.push(error);
    return undefined;
  }
}

/** Nothing is moved unless all that is asked for may be. */
async function chosenRuns(store: EventStore, { names, statuses, olderThanMs, now }: ArchiveWish): Promise<string[]> {
  const open = statuses?.find((status) => !isEndStatus(status));
  if (open !== undefined)
    throw new VltairError('invalid_argument/usage', {
      detail: `a run that is ${open} has not ended`,
      where: '--status',
    });
  const fits = ({ status, updatedTs, archivedTs }: RunRow): boolean =>
    archivedTs === undefined && now - updatedTs >= olderThanMs && (statuses?.includes(status) ?? true);
  const rows =
    names.length > 0 ? await namedRuns(store, names) : await store.runs({ statuses: endStatuses, limit: ALL });
  return rows.filter(fits).map(({ run }) => run);
}

async function namedRuns(store: EventStore, names: readonly string[]): Promise<readonly RunRow[]> {
  const rows: RunRow[] = [];
  for (const name of names) {
    const row = await findRun(store, name);
    if (!isEndStatus(row.status))
      throw new VltairError('invalid_argument/run_unfinished', { detail: `${row.run} ${row.status}`, where: row.run });
    rows.push(row);
  }
  return rows;
}
