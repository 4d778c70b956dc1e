import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from 'vitest';
import { VltairError } from '@vltair/protocol';
import type { EventStore } from '../src/ports/event-store.ts';
import { describeJournal } from './event-store-conformance.ts';
import { describeLeases } from './leases-conformance.ts';
import { describeManyWriters, writeInProcess } from './many-writers-conformance.ts';
import { aPostgresPlace, noPostgres, type PostgresPlace } from './postgres-place.ts';

describe.skipIf(noPostgres !== undefined)(noPostgres ?? 'with PostgreSQL', () => {
  describeJournal('the PostgreSQL journal', aPostgresPlace);

  describeLeases('the leases of the PostgreSQL journal', async () => {
    const place = await aPostgresPlace();
    return { open: () => place.open(), pass: (milliseconds) => sleep(milliseconds), remove: () => place.remove() };
  });

  describeManyWriters(
    'the PostgreSQL journal, written by eight processes at once',
    async () => {
      const place = await aPostgresPlace();
      const { url, directory } = place;
      return {
        reader: () => openForReading(place),
        write: (writer, count) => writeInProcess({ kind: 'postgres', url, directory }, writer, count),
        remove: () => place.remove(),
      };
    },
    40,
  );
});

async function openForReading(place: PostgresPlace): Promise<EventStore | undefined> {
  try {
    return await place.open({ mode: 'read' });
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'not_found/store') return undefined;
    throw error;
  }
}
