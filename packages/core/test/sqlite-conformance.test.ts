import { describeEventStore, type StorePlace } from './event-store-conformance.ts';
import { aDirectory } from './journal-builders.ts';
import { NO_RUNS, openReplayedStore } from './replayed-store.ts';

for (const commitOn of ['thread', 'caller'] as const) {
  describeEventStore(`the SQLite journal, committing on the ${commitOn}`, () =>
    Promise.resolve(aSqlitePlace(commitOn)),
  );
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
