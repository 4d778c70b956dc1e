import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { putPlace } from '../src/journal/store-place.ts';
import { verifyRun } from '../src/journal/verify-run.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { abortMove, moveStore } from '../src/retention/move-store.ts';
import { purgeRun } from '../src/retention/purge-run.ts';
import { aDirectory, anAppend, aRow, aRunOf, claimed, created } from './journal-builders.ts';
import { aPostgresPlace, noPostgres, type PostgresPlace } from './postgres-place.ts';
import { aFinishedRun, archive, withStore } from './retention-fixture.ts';

const RUNS = ['queued', 'running', 'paused', 'plain', 'archived', 'purged', 'failed.child'] as const;
const answer = { id: 'c2', ts: 7, refusal: { reason: 'not_found/run', message: 'No.', where: undefined } } as const;

describe.skipIf(noPostgres !== undefined)(noPostgres ?? 'moving a store', () => {
  let place: PostgresPlace;
  let from: ReturnType<typeof aDirectory>;
  beforeEach(async () => {
    place = await aPostgresPlace();
    from = aDirectory();
    await withStore(from.path, fill);
    archive(from.path, 'archived');
  });
  afterEach(async () => {
    from.remove();
    await place.remove();
  });
  const wish = () => ({ directory: from.path, to: place.url, now: 9_000, progress: () => {} });
  const open = () => place.open({ directory: from.path });

  test('every run, command, answer and snapshot is there as it was, verifies, and goes on', async () => {
    const before = await withStore(from.path, (store) => described(store), 'read');
    const steps: number[] = [];
    const moved = await moveStore({ ...wish(), progress: (done, total) => steps.push(done / total) });
    expect(moved).toMatchObject({ lastPosition: before.events.length, runs: { queued: 1, paused: 1 } });
    expect(steps.at(-1)).toBe(1);
    const store = await open();
    expect(await described(store)).toEqual(before);
    for (const run of ['running', 'plain', 'archived', 'purged'])
      expect(await verifyRun(store, run), run).toMatchObject({ kind: 'verified' });
    const head = await store.head('running');
    const events = [{ ts: 9_000, payload: claimed('w2') }];
    const next = anAppend(store, { run: 'running', expectedSeq: head?.seq ?? 0, consumes: ['c1'], events });
    expect(await store.append(next)).toMatchObject({ kind: 'appended', lastPosition: before.events.length + 1 });
    expect(await store.inbox()).toEqual([]);
    const again = anAppend(store, { run: 'archived', expectedSeq: 3, events, row: aRow({ status: 'succeeded' }) });
    expect(await store.append(again)).toMatchObject({ kind: 'appended', lastSeq: 4 });
    expect(await store.read('archived')).toHaveLength(4);
    await store.close();
  });

  test('nobody writes the old place from then on, and whoever tries is told where it is', async () => {
    const reader = await new Promise<EventStore>((resolve, reject) => {
      void withStore(from.path, (store) => Promise.resolve(resolve(store)), 'read').catch(reject);
    });
    await moveStore(wish());
    const gone = { reason: 'unavailable/store_moved', message: expect.stringContaining(new URL(place.url).pathname) };
    await expect(withStore(from.path, () => Promise.resolve())).rejects.toMatchObject(gone);
    await expect(reader.send({ id: 'late', run: 'running', command: {}, ts: 1 })).rejects.toMatchObject(gone);
    expect(() => archive(from.path, 'plain')).toThrow('has moved');
    await withStore(from.path, async (store) => expect(await store.read('plain')).toHaveLength(3), 'read');
  });

  test('one that was cut short before its copy was whole is made again, or taken back', async () => {
    putPlace(from.path, { state: 'moving', to: nameOf(place), ts: 1 });
    await expect(withStore(from.path, () => Promise.resolve())).rejects.toMatchObject({
      reason: 'unavailable/store_moving',
    });
    await abortMove(wish());
    await withStore(from.path, async (store) => expect(await store.head('plain')).toBeDefined());
    putPlace(from.path, { state: 'moving', to: nameOf(place), ts: 1 });
    expect(await moveStore(wish())).toMatchObject({ to: nameOf(place) });
  });

  test('one that was cut short after its copy was whole is found there, whatever has happened to it since', async () => {
    const { lastPosition } = await moveStore(wish());
    putPlace(from.path, { state: 'moving', to: nameOf(place), ts: 1 });
    await expect(abortMove(wish())).rejects.toMatchObject({ reason: 'unavailable/store_moved' });
    const store = await open();
    await aRunOf(store, 'since', [created()]);
    await store.close();
    for (const _ of ['ends the move', 'finds it ended'])
      expect(await moveStore(wish())).toMatchObject({ to: nameOf(place), lastPosition: lastPosition + 1 });
    await expect(withStore(from.path, () => Promise.resolve())).rejects.toMatchObject({
      reason: 'unavailable/store_moved',
    });
  });

  test('one that has begun is neither ended nor taken back by an address that it does not go to', async () => {
    putPlace(from.path, { state: 'moving', to: nameOf(place), ts: 1 });
    const elsewhere = { ...wish(), to: `${place.url}_other` };
    for (const call of [() => moveStore(elsewhere), () => abortMove(elsewhere)])
      await expect(call()).rejects.toMatchObject({ reason: 'unavailable/store_moving' });
    await expect(withStore(from.path, () => Promise.resolve())).rejects.toMatchObject({
      reason: 'unavailable/store_moving',
    });
  });

  test('a connection that is lost in the middle leaves nothing there, and the store can be moved again', async () => {
    let kills = 0;
    const killing = (): void => {
      kills += 1;
      if (kills === 3) throw new TypeError('killed in the middle');
    };
    await expect(moveStore({ ...wish(), progress: killing })).rejects.toThrow('killed in the middle');
    expect(await place.sql('SELECT 1 FROM vltair.runs')).toEqual([]);
    expect(await moveStore(wish())).toMatchObject({ to: nameOf(place) });
  });

  test('a database that has a store is refused, and the store stays where it is', async () => {
    const other = await place.open({ directory: from.path });
    await aRunOf(other, 'there', [created()]);
    await other.close();
    await expect(moveStore(wish())).rejects.toMatchObject({ reason: 'invalid_argument/not_empty' });
    await abortMove(wish());
    await withStore(from.path, async (store) => expect(await store.head('plain')).toBeDefined());
  });
});

function nameOf({ url }: PostgresPlace): string {
  return url;
}

async function fill(store: EventStore): Promise<void> {
  await aRunOf(store, 'queued', [created()], aRow({ status: 'queued' }));
  await aRunOf(store, 'running', [created(), claimed('é'.repeat(50_000))], aRow({ joinKey: 'k', createdTs: 2_000 }));
  await aRunOf(store, 'paused', [created(), claimed('b')], aRow({ status: 'paused', wakeTs: 77 }));
  for (const run of ['plain', 'archived', 'purged']) await aFinishedRun(store, run);
  const failure = {
    code: 'test_failed',
    reason: 'test_failed/tests',
    message: 'Tests fail.',
    retryable: false,
  } as const;
  await aRunOf(
    store,
    'failed.child',
    [created(), { type: 'run.failed', failure }],
    aRow({ status: 'failed', failure }),
  );
  await purgeRun(store, 'purged', { by: 'ann', now: 9_000 });
  const { hash = '' } = (await store.head('running')) ?? {};
  await store.saveSnapshot({ run: 'running', seq: 2, hash, schema: 1, state: { a: 1 } });
  await store.send({ id: 'c1', run: 'running', command: { type: 'cancel' }, ts: 5 });
  await store.answer([answer]);
}

/** All that the port says of a store. */
async function described(store: EventStore) {
  return {
    events: (await Promise.all(RUNS.map((run) => store.entries(run, 0, 100)))).flat(),
    rows: await store.runs({}),
    due: await store.runs({ wakeBy: 100 }),
    counts: await store.counts(),
    commits: await store.commits(0, 1_000),
    inbox: await store.inbox(),
    answer: await store.answerTo('c2'),
    snapshot: await store.loadSnapshot('running', 1),
  };
}
