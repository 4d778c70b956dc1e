import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aDirectory, aRunOf, claimed, created } from '../../test/journal-builders.ts';
import { aFinishedRun, archive, filesWith, withStore } from '../../test/retention-fixture.ts';
import { verifyRun } from '../journal/verify-run.ts';
import { compactStore, whileOwning } from './compact-store.ts';
import { purgeRun } from './purge-run.ts';

const SECRET = 'Zauberwort-4711';
const WISH = { by: 'ann', reason: 'asked for', now: 9_000 };

let root: ReturnType<typeof aDirectory>;
beforeEach(() => {
  root = aDirectory();
});
afterEach(() => root.remove());

describe('a purge', () => {
  test.for(['stored', 'archived'] as const)(
    'leaves no byte of the payloads of a run that is %s in any file; chain and commits verify, and say what is missing',
    async (place) => {
      await withStore(root.path, async (store) => {
        await aFinishedRun(store, 'r1', SECRET);
        await aFinishedRun(store, 'r2', 'harmless');
        const [, , last] = await store.read('r1');
        const state = { title: SECRET };
        await store.saveSnapshot({ run: 'r1', seq: 3, hash: last?.hash ?? '', schema: 1, state });
        await store.send({ id: 'c1', run: 'r1', command: { type: 'retry', why: SECRET }, ts: 1 });
      });
      expect(filesWith(root.path, SECRET)).not.toEqual([]);
      if (place === 'archived') archive(root.path, 'r1');
      await withStore(root.path, async (store) => {
        expect(await purgeRun(store, 'r1', WISH)).toEqual({ run: 'r1', payloads: 3 });
      });
      expect(compactStore(root.path, 1)).toMatchObject({ isWiped: true });
      expect(filesWith(root.path, SECRET)).toEqual([]);
      await withStore(root.path, async (store) => {
        expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'verified', count: 4, purged: 3 });
        expect(await verifyRun(store, 'r2')).toMatchObject({ kind: 'verified', purged: 0 });
        expect(await store.run('r1')).toMatchObject({ title: '', purged: { ts: 9_000, by: 'ann' } });
        await expect(store.read('r1')).rejects.toMatchObject({ reason: 'not_found/payload' });
        const [, , , fact] = await store.entries('r1', 0, 10);
        expect(JSON.parse(fact?.payload ?? '')).toMatchObject({ type: 'payload.purged', by: 'ann', payloads: 3 });
      });
    },
  );

  test('is done once: the second finds nothing and appends nothing', async () => {
    await withStore(root.path, async (store) => {
      await aFinishedRun(store, 'r1');
      await purgeRun(store, 'r1', WISH);
      expect(await purgeRun(store, 'r1', WISH)).toEqual({ run: 'r1', payloads: 0 });
      expect(await store.head('r1')).toMatchObject({ seq: 4 });
    });
  });

  test('can be archived, and still verifies', async () => {
    await withStore(root.path, async (store) => {
      await aFinishedRun(store, 'r1');
      await purgeRun(store, 'r1', WISH);
    });
    expect(archive(root.path, 'r1')).toMatchObject({ events: 4 });
    await withStore(root.path, async (store) =>
      expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'verified', purged: 3 }),
    );
  });

  test('leaves the blob that another run says too', async () => {
    await withStore(root.path, async (store) => {
      await aFinishedRun(store, 'r1', 'same');
      await aFinishedRun(store, 'r2', 'same');
      await purgeRun(store, 'r1', WISH);
      expect(await store.read('r2')).toHaveLength(3);
    });
  });

  test('is refused to a run that has not ended, to one of another store, and to one that does not exist', async () => {
    await withStore(root.path, async (store) => {
      await aRunOf(store, 'r1', [created(), claimed('w')]);
      await aFinishedRun(store, 'r2');
      const lines = (await store.entries('r2', 0, 9)).map(({ position: _, ...line }) => line);
      const row = await store.run('r2');
      await expect(purgeRun(store, 'r1', WISH)).rejects.toMatchObject({ reason: 'invalid_argument/run_unfinished' });
      await expect(purgeRun(store, 'r9', WISH)).rejects.toMatchObject({ reason: 'not_found/run' });
      const other = aDirectory();
      await withStore(other.path, async (copy) => {
        if (row !== undefined) await copy.adopt({ lines, row, origin: 'f'.repeat(64) });
        await expect(purgeRun(copy, 'r2', WISH)).rejects.toMatchObject({ reason: 'invalid_argument/run_imported' });
      });
      other.remove();
    });
  });

  test(
    'that a reader of an older state holds up says so, and the next compaction wipes',
    { timeout: 20_000 },
    async () => {
      await withStore(root.path, async (store) => await aFinishedRun(store, 'r1', SECRET));
      const reader = new DatabaseSync(join(root.path, 'vltair.db'), { readOnly: true });
      reader.exec('BEGIN');
      reader.prepare('SELECT count(*) FROM events').get();
      await withStore(root.path, async (store) => await purgeRun(store, 'r1', WISH));
      expect(compactStore(root.path, 1)).toMatchObject({ isWiped: false });
      expect(filesWith(root.path, SECRET)).not.toEqual([]);
      reader.close();
      expect(compactStore(root.path, 1)).toMatchObject({ isWiped: true });
      expect(filesWith(root.path, SECRET)).toEqual([]);
    },
  );
});

test('work on the files of a store is refused while a process owns it', async () => {
  await withStore(root.path, async () => {
    await expect(whileOwning(root.path, 1, () => 'done')).rejects.toMatchObject({
      reason: 'unavailable/store_locked',
      message: expect.stringContaining(`process ${process.pid}`),
    });
  });
  expect(await whileOwning(root.path, 1, () => 'done')).toBe('done');
});
