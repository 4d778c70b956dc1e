import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientConfig, describeAddress } from '../src/journal/postgres-connection.ts';
import { openPostgresStore } from '../src/journal/open-postgres-store.ts';
import { verifyRun } from '../src/journal/verify-run.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { aCuttingProxy } from './cutting-proxy.ts';
import { aDirectory, anAppend, appended, aRow, aRunOf, claimed, created } from './journal-builders.ts';
import { aPostgresPlace, noPostgres, type PostgresPlace } from './postgres-place.ts';

const onWarning = (warning: string): never => {
  throw new TypeError(warning);
};

describe.skipIf(noPostgres !== undefined)(noPostgres ?? 'the store on PostgreSQL', () => {
  let place: PostgresPlace;
  beforeEach(async () => {
    place = await aPostgresPlace();
  });
  afterEach(() => place.remove());
  const withStore = async (
    work: (store: EventStore) => Promise<void>,
    ...options: Parameters<PostgresPlace['open']>
  ) => {
    const store = await place.open(...options);
    try {
      await work(store);
    } finally {
      await store.close();
    }
  };

  describe('opening', () => {
    test('eight that open an empty database at one moment make one schema, and each has its own epoch', async () => {
      const stores = await Promise.all(Array.from({ length: 8 }, () => place.open()));
      const epochs = stores.map(({ ownership }) => (ownership.kind === 'writer' ? ownership.epoch : 0));
      expect(epochs.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      await Promise.all(stores.map((store) => store.close()));
    });

    test('another key than the one that signs the store is refused, and nothing is changed', async () => {
      await withStore((store) => aRunOf(store, 'r1', [created()]));
      const other = aDirectory();
      await expect(place.open({ directory: other.path })).rejects.toMatchObject({ reason: 'unavailable/store_key' });
      other.remove();
      await withStore(async (store) => expect(await store.head('r1')).toMatchObject({ seq: 1 }));
    });

    test('a reader makes nothing, and appends nothing', async () => {
      await expect(place.open({ mode: 'read' })).rejects.toMatchObject({ reason: 'not_found/store' });
      expect(await place.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'vltair'")).toEqual([]);
      await withStore((store) => aRunOf(store, 'r1', [created()]));
      await withStore(
        async (reader) => {
          expect(await reader.read('r1')).toHaveLength(1);
          await expect(reader.append(anAppend(reader, { run: 'r2' }))).rejects.toMatchObject({
            reason: 'unavailable/store_locked',
          });
          await reader.send({ id: 'c1', run: 'r1', command: { type: 'cancel' }, ts: 5 });
        },
        { mode: 'read' },
      );
      await withStore(async (store) => expect(await store.inbox()).toHaveLength(1));
    });

    test.for(['postgres://ann:s3cret@127.0.0.1:1/nowhere', 'postgres//ann:s3cret@127.0.0.1:1'])(
      'what cannot be reached, or is no address, is refused without a word of the password: %s',
      async (url) => {
        const refusal = openPostgresStore({
          url,
          directory: place.directory,
          mode: 'write',
          onWarning,
          patience: { totalMs: 100, firstMs: 20 },
        });
        const error: unknown = await refusal.catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ reason: expect.stringMatching(/store_unreachable|usage/u) });
        expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('s3cret');
      },
    );

    test.for([
      'postgres://ann:12/s3cret@127.0.0.1/store',
      'postgres://ann:12#s3cret@127.0.0.1/store',
      'postgres://ann:12@s3cret/store/more',
      'mysql://ann:s3cret@127.0.0.1/store',
    ])('an address whose password could be taken for something else is not shown: %s', (url) => {
      expect(() => describeAddress(url)).toThrow(/DATABASE_URL is no address/u);
      expect(() => describeAddress(url)).not.toThrow(/s3cret/u);
    });

    test('an address says where the server is, also in its query, and nothing of how the store works', async () => {
      expect(describeAddress('postgres:///store?host=/run/pg&password=s3cret')).toBe('postgres:///store?host=/run/pg');
      const url = `${place.url}?options=-c%20search_path%3Dpublic%20-c%20vltair.tenant%3Dred&statement_timeout=1`;
      await withStore((store) => aRunOf(store, 'r1', [created()]), { url });
      expect(await place.sql('SELECT run FROM vltair.runs')).toEqual([{ run: 'r1' }]);
    });

    test('a store of a later version is refused, and nothing is changed', async () => {
      await withStore((store) => aRunOf(store, 'r1', [created()]));
      await place.sql("UPDATE vltair.meta SET value = value + 1 WHERE name = 'schema'");
      for (const mode of ['read', 'write'] as const)
        await expect(place.open({ mode })).rejects.toMatchObject({ reason: 'unavailable/store_newer' });
    });

    test('a log whose end was cut off is refused', async () => {
      await withStore((store) => aRunOf(store, 'r1', [created(), claimed('a')]));
      await place.sql('DELETE FROM vltair.events WHERE seq = 2');
      await expect(place.open()).rejects.toMatchObject({ reason: 'internal/chain_broken' });
    });
  });

  describe('a connection that is lost', () => {
    test('at a COMMIT is made again, and its events are there once, whether the COMMIT came through or not', async () => {
      const proxy = await aCuttingProxy(place.url);
      await withStore(
        async (store) => {
          await store.append(anAppend(store, { run: 'r1' }));
          for (const [index, when] of (['before', 'after', 'before', 'after'] as const).entries()) {
            proxy.cutNextCommit(when);
            const request = anAppend(store, { run: 'r1', expectedSeq: index + 1 });
            expect(appended(await store.append(request)).lastSeq).toBe(index + 2);
          }
          expect(proxy.cuts()).toBe(4);
          expect(await store.read('r1')).toHaveLength(5);
          expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'verified' });
        },
        { url: proxy.url },
      );
      await proxy.close();
    });

    test('while many append loses and repeats nothing', async () => {
      await withStore(async (store) => {
        let isWriting = true;
        const writing = Promise.all(
          Array.from({ length: 20 }, (_, run) =>
            aRunOf(
              store,
              `r${run}`,
              Array.from({ length: 20 }, () => claimed('w')),
            ),
          ),
        ).finally(() => (isWriting = false));
        for (let kills = 0; isWriting && kills < 20; kills += 1) {
          await place.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vltair' AND datname = current_database()",
          );
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
        await writing;
        expect((await store.tail(0, 1_000)).map(({ position }) => position)).toEqual(
          Array.from({ length: 400 }, (_, index) => index + 1),
        );
      });
    });

    test('under reads is made again, and every read answers', async () => {
      const proxy = await aCuttingProxy(place.url);
      await withStore(
        async (store) => {
          await aRunOf(store, 'r1', [created(), claimed('w')]);
          let isReading = true;
          const readers = Array.from({ length: 4 }, async () => {
            while (isReading) expect(await store.read('r1')).toHaveLength(2);
          });
          for (let cuts = 0; cuts < 20; cuts += 1) {
            await new Promise((resolve) => setTimeout(resolve, 40));
            proxy.cutAll();
          }
          isReading = false;
          await Promise.all(readers);
        },
        { url: proxy.url },
      );
      await proxy.close();
    });

    test('for longer than its patience fails what waits, and the store works again when the server does', async () => {
      const proxy = await aCuttingProxy(place.url);
      const store = await place.open({ url: proxy.url, patience: { totalMs: 300, firstMs: 20 } });
      await aRunOf(store, 'r1', [created()]);
      await proxy.close();
      await expect(store.append(anAppend(store, { run: 'r1', expectedSeq: 1 }))).rejects.toMatchObject({
        reason: 'unavailable/store_unreachable',
      });
      await store.close();
      await withStore(async (later) => expect(await later.head('r1')).toMatchObject({ seq: 1 }));
    });

    test('a writer that stands still in the middle of a commit holds the others back for seconds only', async () => {
      await withStore(async (store) => {
        const frozen = new pg.Client(clientConfig({ url: place.url }, 10_000));
        const ended = new Promise((resolve) => frozen.on('error', resolve));
        await frozen.connect();
        await frozen.query('BEGIN');
        await frozen.query("SELECT pg_advisory_xact_lock(hashtext('vltair commit'))");
        await aRunOf(store, 'r1', [created()]);
        await ended;
      });
    });
  });

  describe('several stores', () => {
    test('hear of each other without asking the database', async () => {
      const [one, other] = await Promise.all([place.open(), place.open()]);
      const before = other.changes();
      await one.send({ id: 'c1', run: 'r1', command: { type: 'cancel' }, ts: 5 });
      await expect.poll(() => other.changes()).not.toBe(before);
      await Promise.all([one.close(), other.close()]);
    });

    test('take runs over from each other under new epochs, and verify what the other has written', async () => {
      const [one, other] = await Promise.all([place.open(), place.open()]);
      await aRunOf(one, 'r1', [created()]);
      const epoch = await other.takeEpoch();
      expect(await other.append(anAppend(other, { run: 'r1', expectedSeq: 1, epoch }))).toMatchObject({
        kind: 'appended',
      });
      expect(await one.append(anAppend(one, { run: 'r1', expectedSeq: 1 }))).toEqual({ kind: 'fenced', epoch });
      await place.sql("UPDATE vltair.commits SET signature = repeat('0', 128) WHERE number = 2");
      const again = anAppend(one, { run: 'r1', expectedSeq: 2, epoch: await one.takeEpoch() });
      await expect(one.append(again)).rejects.toMatchObject({ reason: 'internal/chain_broken' });
      await Promise.all([one.close(), other.close()]);
    });
  });

  describe('row-level security', () => {
    test('a store that was opened for a tenant reads, lists and proves the runs of that tenant alone', async () => {
      await withStore(async (store) => {
        for (const tenant of ['red', 'blue']) {
          const events = [{ ts: 1, payload: claimed('x'.repeat(100_000)) }];
          await store.append(anAppend(store, { run: `${tenant}-1`, tenant, events, row: aRow({ title: tenant }) }));
        }
      });
      await withStore(
        async (red) => {
          expect((await red.runs({})).map(({ run }) => run)).toEqual(['red-1']);
          expect(await red.read('blue-1')).toEqual([]);
          expect((await red.tail(0, 10)).map(({ run }) => run)).toEqual(['red-1']);
          expect(await verifyRun(red, 'red-1')).toMatchObject({ kind: 'verified' });
          expect(await red.append(anAppend(red, { run: 'red-1', tenant: 'red', expectedSeq: 1 }))).toMatchObject({
            kind: 'appended',
            lastPosition: 3,
          });
          await expect(red.append(anAppend(red, { run: 'blue-2', tenant: 'blue' }))).rejects.toMatchObject({
            reason: 'unavailable/store_read_only',
          });
        },
        { tenant: 'red' },
      );
      await withStore(async (store) => expect(await store.tail(0, 10)).toHaveLength(3));
    });

    test('commands are seen by the tenant that sent them, and by workers', async () => {
      await withStore((store) => aRunOf(store, 'r1', [created()]));
      await withStore((red) => red.send({ id: 'c1', run: 'r1', command: { type: 'cancel' }, ts: 5 }), {
        tenant: 'red',
      });
      await withStore(async (blue) => expect(await blue.inbox()).toEqual([]), { tenant: 'blue' });
      await withStore(async (worker) => {
        expect(await worker.inbox()).toHaveLength(1);
        await worker.append(anAppend(worker, { run: 'red-1', tenant: 'red' }));
        await worker.send({ id: 'c2', run: 'red-1', command: { type: 'cancel' }, ts: 5 });
        await worker.answer([{ id: 'c1', ts: 5, refusal: undefined }]);
      });
      await withStore(
        async (red) => {
          expect((await red.inbox()).map(({ id }) => id)).toEqual(['c2']);
          expect(await red.answerTo('c1')).toMatchObject({ id: 'c1' });
        },
        { tenant: 'red' },
      );
      await withStore(async (blue) => expect(await blue.answerTo('c1')).toBeUndefined(), { tenant: 'blue' });
    });

    test('a connection that names no tenant sees nothing', async () => {
      await withStore((store) => aRunOf(store, 'r1', [created()]));
      const client = new pg.Client({ connectionString: place.url });
      await client.connect();
      expect((await client.query('SELECT * FROM vltair.events')).rows).toEqual([]);
      await client.end();
    });
  });

  test('text that PostgreSQL cannot hold reads as U+FFFD', async () => {
    await withStore(async (store) => {
      await aRunOf(store, 'r1', [claimed('a\0b')], aRow({ title: 'a\0b' }));
      expect((await store.read('r1'))[0]?.payload).toEqual(claimed('a\0b'));
      expect(await store.run('r1')).toMatchObject({ title: 'a\uFFFDb' });
    });
  });
});
