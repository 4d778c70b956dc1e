import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aDirectory, aRow, aRunOf, claimed, created } from '../../test/journal-builders.ts';
import { aFinishedRun, archive, withStore } from '../../test/retention-fixture.ts';
import { verifyRun } from '../journal/verify-run.ts';
import { compactStore, countLeftovers, digestsIn, whileOwning } from './compact-store.ts';

const WEEK_MS = 7 * 24 * 3_600_000;
const TREE = 'a'.repeat(63);

let root: ReturnType<typeof aDirectory>;
beforeEach(() => {
  root = aDirectory();
});
afterEach(() => root.remove());

test('what nothing refers to is counted, then removed, and nothing else is', async () => {
  await withStore(root.path, async (store) => {
    await aFinishedRun(store, 'ended');
    await aRunOf(store, 'live', [created(), claimed('x'.repeat(70_000))]);
    for (const run of ['ended', 'live'])
      for (const { seq, hash } of (await store.read(run)).slice(-1))
        await store.saveSnapshot({ run, seq, hash, schema: 1, state: {} });
    await store.send({ id: 'late', run: 'ended', command: { type: 'retry' }, ts: 1 });
    await store.send({ id: 'waits', run: 'live', command: { type: 'pause' }, ts: 1 });
    await store.answer([{ id: 'done', ts: 1, refusal: undefined }]);
  });
  orphan(root.path);
  const found = { snapshots: 1, blobs: 1, commands: 2 };
  expect(countLeftovers(root.path, WEEK_MS + 2)).toEqual(found);
  expect(countLeftovers(root.path, 2)).toEqual({ ...found, commands: 0 });
  expect(countLeftovers(root.path, WEEK_MS + 2)).toEqual(found);
  expect(compactStore(root.path, WEEK_MS + 2)).toMatchObject({ ...found, isWiped: true });
  expect(countLeftovers(root.path, WEEK_MS + 2)).toEqual({ snapshots: 0, blobs: 0, commands: 0 });
  await withStore(root.path, async (store) => {
    expect((await store.inbox()).map(({ id }) => id)).toEqual(['waits']);
    expect(await store.loadSnapshot('live', 1)).toMatchObject({ seq: 2 });
    for (const run of ['ended', 'live']) expect(await verifyRun(store, run)).toMatchObject({ kind: 'verified' });
  });
});

test('what the archive sets free goes back to the disk', async () => {
  await withStore(root.path, async (store) => {
    for (const word of ['one', 'two', 'three']) await aFinishedRun(store, word, word);
  });
  for (const run of ['one', 'two', 'three']) archive(root.path, run);
  const { bytesBefore, bytesAfter } = compactStore(root.path, 1);
  expect(bytesAfter).toBeLessThan(bytesBefore - 250_000);
});

test('the digests of live, archived and waiting words are found, as whole words of 64', async () => {
  await withStore(root.path, async (store) => {
    for (const [run, end] of [
      ['live', '1'],
      ['ended', '2'],
    ] as const)
      await aRunOf(store, run, [created(), claimed(`${TREE}${end}`)], aRow({ status: 'succeeded' }));
    await aRunOf(store, 'large', [created(), claimed(`${TREE}4 ${'y'.repeat(70_000)}`)]);
    await store.send({ id: 'c', run: 'live', command: { tree: `${TREE}3`, longer: `${TREE}55` }, ts: 1 });
  });
  archive(root.path, 'ended');
  expect([...digestsIn(root.path)].toSorted()).toEqual(['1', '2', '3', '4'].map((end) => `${TREE}${end}`));
});

test('a directory without a store is refused and stays without one', async () => {
  expect(() => countLeftovers(root.path, 1)).toThrow(expect.objectContaining({ reason: 'not_found/store' }));
  expect(() => digestsIn(root.path)).toThrow(expect.objectContaining({ reason: 'not_found/store' }));
  await expect(whileOwning(root.path, 1, () => 1)).rejects.toMatchObject({ reason: 'not_found/store' });
  expect(existsSync(join(root.path, 'vltair.db'))).toBe(false);
});

/** A blob that no event refers to, as a process of an older version may have left. */
function orphan(directory: string): void {
  const database = new DatabaseSync(join(directory, 'vltair.db'));
  database.exec("INSERT INTO blobs VALUES ('local', 'd', x'00')");
  database.close();
}
