import { join } from 'node:path';
import { openSqliteStore, type EventStore } from '@vltair/core';

/** Where the bench gets its store, by the name that contenders are called by. */
interface StoreKind {
  readonly open: (directory: string) => Promise<EventStore>;
  readonly store: string;
  readonly fsync: string;
  /** What works for the store beside the process of the contender. */
  readonly processes: readonly string[];
}

const STORES: Readonly<Record<string, StoreKind>> = {
  sqlite: {
    open: async (directory) =>
      await openSqliteStore({ directory: join(directory, 'data'), mode: 'write', now: Date.now, onWarning }),
    store: 'SQLite, WAL, synchronous=FULL',
    fsync: 'the thread that commits, once for each group of appends, before any of them is acknowledged',
    processes: [],
  },
};

/** @throws RangeError for a name that no store has. */
export function storeKind(name: string): StoreKind {
  const kind = STORES[name];
  if (kind === undefined) throw new RangeError(`no store '${name}'; stores: ${Object.keys(STORES).join(', ')}`);
  return kind;
}

function onWarning(warning: string): void {
  process.stderr.write(`${warning}\n`);
}
