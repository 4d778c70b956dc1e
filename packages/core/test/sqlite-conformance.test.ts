import { VltairError } from '@vltair/protocol';
import type { EventStore } from '../src/ports/event-store.ts';
import { describeJournal, type StorePlace } from './event-store-conformance.ts';
import { aDirectory } from './journal-builders.ts';
import { describeManyWriters, writeInProcess } from './many-writers-conformance.ts';
import { NO_RUNS, openReplayedStore } from './replayed-store.ts';

for (const commitOn of ['thread', 'caller'] as const) {
  describeJournal(`the SQLite journal, committing on the ${commitOn}`, () => Promise.resolve(aSqlitePlace(commitOn)));
}

describeManyWriters(
  'the SQLite journal, written by eight processes in turn',
  () => {
    const { path: directory, remove } = aDirectory();
    return Promise.resolve({
      reader: () => openForReading(directory),
      write: (writer, count) => writeInProcess({ kind: 'sqlite', directory }, writer, count),
      remove: () => Promise.resolve(remove()),
    });
  },
  20,
);

async function openForReading(directory: string): Promise<EventStore | undefined> {
  try {
    return await openReplayedStore({ ...NO_RUNS, directory, mode: 'read', now: () => 1_000, onWarning: () => {} });
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'not_found/store') return undefined;
    throw error;
  }
}

function aSqlitePlace(commitOn: 'thread' | 'caller'): StorePlace {
  const { path, remove } = aDirectory();
  const refuseWarning = (warning: string): never => {
    throw new TypeError(warning);
  };
  return {
    open: () =>
      openReplayedStore({
        ...NO_RUNS,
        directory: path,
        mode: 'write',
        now: () => 1_000,
        onWarning: refuseWarning,
        commitOn,
      }),
    remove: () => Promise.resolve(remove()),
  };
}
