import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aDirectory, anAppend, aRow, aRunOf, claimed, created } from '../../test/journal-builders.ts';
import { aFinishedRun, archive, filesWith, withStore } from '../../test/retention-fixture.ts';
import { exportRun } from '../journal/export-run.ts';
import { verifyExport } from '../journal/verify-export.ts';
import { verifyRun } from '../journal/verify-run.ts';
import { Archiver } from './archive-run.ts';

let root: ReturnType<typeof aDirectory>;
beforeEach(() => {
  root = aDirectory();
});
afterEach(() => root.remove());

describe('an archived run', () => {
  test('reads, lists, follows, verifies and exports as before, in fewer bytes', async () => {
    const before = await withStore(root.path, async (store) => {
      await aFinishedRun(store, 'r1');
      await aRunOf(store, 'r2', [created(), claimed('w')]);
      return { events: await store.read('r1'), tail: await store.tail(0, 10), lines: await linesOf(store, 'r1') };
    });
    expect(archive(root.path, 'r1')).toMatchObject({ run: 'r1', events: 3 });
    await withStore(root.path, async (store) => {
      expect(await store.read('r1')).toEqual(before.events);
      expect(await store.read('r1', 2)).toEqual(before.events.slice(2));
      expect(await store.tail(0, 10)).toEqual(before.tail);
      expect(await store.tail(1, 1)).toEqual(before.tail.slice(1, 2));
      expect(await linesOf(store, 'r1')).toEqual(before.lines);
      expect(await store.run('r1')).toMatchObject({ status: 'succeeded', archivedTs: 5_000, seq: 3 });
      for (const run of ['r1', 'r2']) expect(await verifyRun(store, run)).toMatchObject({ kind: 'verified' });
      const { fingerprint } = store.signer();
      const bytes = Buffer.from((await linesOf(store, 'r1')).join(''));
      expect(verifyExport(bytes, { fingerprint })).toMatchObject({ kind: 'verified', count: 3 });
    });
    expect(bytesOf(root.path, 'SELECT sum(length(bytes)) AS n FROM archive')).toBeLessThan(5_000);
    expect(bytesOf(root.path, "SELECT count(*) AS n FROM events WHERE run = 'r1'")).toBe(0);
    expect(bytesOf(root.path, 'SELECT count(*) AS n FROM blobs')).toBe(0);
  });

  test('is archived once; the second time nothing happens', async () => {
    await withStore(root.path, async (store) => await aFinishedRun(store, 'r1'));
    expect([archive(root.path, 'r1', 7), archive(root.path, 'r1', 8)]).toEqual([
      expect.objectContaining({ run: 'r1' }),
      undefined,
    ]);
    await withStore(root.path, async (store) => expect((await store.run('r1'))?.archivedTs).toBe(7));
  });

  test('comes out whole when it is appended to, and goes in again', async () => {
    await withStore(root.path, async (store) => await aFinishedRun(store, 'r1'));
    archive(root.path, 'r1');
    await withStore(root.path, async (store) => {
      const row = aRow({ status: 'failed' });
      const events = [{ ts: 2_000, payload: claimed('again') }];
      expect(await store.append(anAppend(store, { run: 'r1', expectedSeq: 3, events, row }))).toMatchObject({
        kind: 'appended',
        lastSeq: 4,
      });
      expect((await store.run('r1'))?.archivedTs).toBeUndefined();
      expect(await store.read('r1')).toHaveLength(4);
    });
    expect(bytesOf(root.path, 'SELECT count(*) AS n FROM archive')).toBe(0);
    expect(archive(root.path, 'r1')).toMatchObject({ events: 4 });
    await withStore(root.path, async (store) => expect(await store.read('r1')).toHaveLength(4));
  });

  test('keeps the blob that a live run says too', async () => {
    await withStore(root.path, async (store) => {
      await aFinishedRun(store, 'r1', 'same');
      await aFinishedRun(store, 'r2', 'same');
    });
    archive(root.path, 'r1');
    await withStore(root.path, async (store) => {
      expect(await store.read('r2')).toHaveLength(3);
      expect(await store.read('r1')).toHaveLength(3);
    });
  });

  test('whose chunk was forged does not verify, and cannot be read', async () => {
    await withStore(root.path, async (store) => {
      await aFinishedRun(store, 'r1', 'true');
      await aFinishedRun(store, 'r2', 'false');
    });
    archive(root.path, 'r1');
    archive(root.path, 'r2');
    change(root.path, "UPDATE archive SET bytes = (SELECT bytes FROM archive WHERE run = 'r2') WHERE run = 'r1'");
    await withStore(root.path, async (store) => {
      expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'refused', reason: 'internal/chain_broken' });
      await expect(store.read('r1')).rejects.toMatchObject({ reason: 'internal/chain_broken' });
      expect(await verifyRun(store, 'r2')).toMatchObject({ kind: 'verified' });
    });
    change(root.path, "UPDATE archive SET bytes = x'00' WHERE run = 'r1'");
    await withStore(root.path, async (store) => {
      await expect(store.read('r1')).rejects.toMatchObject({ reason: 'unavailable/store_corrupt' });
    });
  });

  test('of many events is read in pages', async () => {
    const payloads = [created(), ...Array.from({ length: 1_200 }, (_, n) => claimed(`w${n}`))];
    await withStore(root.path, async (store) => {
      const events = [...payloads, { type: 'run.succeeded' as const }].map((payload) => ({ ts: 1, payload }));
      await store.append(anAppend(store, { run: 'r1', events, row: aRow({ status: 'succeeded' }) }));
    });
    archive(root.path, 'r1');
    await withStore(root.path, async (store) => {
      const page = await store.entries('r1', 495, 10);
      expect(page.map(({ header }) => header.seq)).toEqual([496, 497, 498, 499, 500, 501, 502, 503, 504, 505]);
      expect((await store.tail(998, 5)).map(({ seq }) => seq)).toEqual([999, 1_000, 1_001, 1_002, 1_003]);
      expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'verified', count: 1_202 });
    });
  });
});

describe('the archive refuses', () => {
  test('a run that has not ended, one that does not exist, and a directory without a store', async () => {
    await withStore(root.path, async (store) => await aRunOf(store, 'r1', [created(), claimed('w')]));
    expect(() => archive(root.path, 'r1')).toThrow(
      expect.objectContaining({ reason: 'invalid_argument/run_unfinished' }),
    );
    expect(() => archive(root.path, 'r9')).toThrow(expect.objectContaining({ reason: 'not_found/run' }));
    const empty = join(root.path, 'nothing');
    expect(() => archive(empty, 'r1')).toThrow(expect.objectContaining({ reason: 'not_found/store' }));
    expect(filesWith(root.path, 'nothing')).toEqual([]);
  });

  test('a run whose chain is broken: it stays where it is, to be looked at', async () => {
    await withStore(root.path, async (store) => await aFinishedRun(store, 'r1'));
    change(root.path, "UPDATE events SET payload = '{}' WHERE seq = 1");
    expect(() => archive(root.path, 'r1')).toThrow(expect.objectContaining({ reason: 'internal/chain_broken' }));
    expect(bytesOf(root.path, 'SELECT count(*) AS n FROM events')).toBe(3);
  });

  test('nothing of an owner that works beside it', async () => {
    await withStore(root.path, async (store) => {
      await aFinishedRun(store, 'r1');
      const archiver = new Archiver(root.path);
      expect(archiver.archive('r1', 1)).toMatchObject({ events: 3 });
      await aFinishedRun(store, 'r2');
      expect(archiver.archive('r2', 1)).toMatchObject({ events: 3 });
      archiver.close();
      expect(await store.read('r1')).toHaveLength(3);
      expect(await verifyRun(store, 'r2')).toMatchObject({ kind: 'verified' });
    });
  });
});

async function linesOf(...[store, run]: Parameters<typeof exportRun>): Promise<readonly string[]> {
  return await Array.fromAsync(exportRun(store, run));
}

function change(directory: string, sql: string): void {
  const database = new DatabaseSync(join(directory, 'vltair.db'));
  database.exec(sql);
  database.close();
}

function bytesOf(directory: string, sql: string): number {
  const database = new DatabaseSync(join(directory, 'vltair.db'), { readOnly: true });
  try {
    return Number(database.prepare(sql).get()?.['n']);
  } finally {
    database.close();
  }
}
