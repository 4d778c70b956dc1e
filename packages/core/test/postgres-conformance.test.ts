import { describe } from 'vitest';
import { describeEventStore } from './event-store-conformance.ts';
import { aPostgresPlace, noPostgres } from './postgres-place.ts';

describe.skipIf(noPostgres !== undefined)(noPostgres ?? 'with PostgreSQL', () => {
  describeEventStore('the PostgreSQL journal', aPostgresPlace);
});
