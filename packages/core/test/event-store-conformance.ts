import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { exportRun } from '../src/journal/export-run.ts';
import { verifyRun } from '../src/journal/verify-run.ts';
import type { EventStore, InboxCommand } from '../src/ports/event-store.ts';
import { anAppend, appended, aRow, aRunOf, claimed, created } from './journal-builders.ts';

/** A place where a store can be opened, closed and opened again with what it held. */
export interface StorePlace {
  open(): Promise<EventStore>;
  remove(): Promise<void>;
}

/** What every store that satisfies the journal port does: its log (S1 to S6 in ports/event-store.ts), its inbox, its projection. */
export function describeJournal(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(name, () => {
    const opened = aStoreOf(makePlace);
    describe('as an event store', () => {
      describeEventStore(opened, makePlace);
    });
    describe('as an inbox', () => {
      describeInbox(opened);
    });
    describe('as a projection', () => {
      describeProjection(opened);
    });
  });
}

interface OpenedStore {
  readonly store: EventStore;
  /** Closes and opens it. */
  reopen(): Promise<void>;
}

/** A store for each test. */
function aStoreOf(makePlace: () => Promise<StorePlace>): OpenedStore {
  let store: EventStore;
  let place: StorePlace;
  beforeEach(async () => {
    place = await makePlace();
    onTestFinished(() => place.remove());
    store = await place.open();
    onTestFinished(() => store.close()); // the last one goes first
  });
  return {
    get store() {
      return store;
    },
    async reopen() {
      await store.close();
      store = await place.open();
    },
  };
}

function describeEventStore(opened: OpenedStore, makePlace: () => Promise<StorePlace>): void {
  describe('append and read', () => {
    test('events come back as they were appended, in order, with their headers', async () => {
      const events = [
        { ts: 5, payload: created('naïve "quotes" 🙂') },
        { ts: 7, payload: claimed('w1') },
      ];
      const outcome = appended(await opened.store.append(anAppend(opened.store, { run: 'r1', events })));
      const read = await opened.store.read('r1');
      expect(read.map(({ ts, payload }) => ({ ts, payload }))).toEqual(events);
      expect(read.map(({ seq, position, kind }) => ({ seq, position, kind }))).toEqual([
        { seq: 1, position: 1, kind: 'fact' },
        { seq: 2, position: 2, kind: 'fact' },
      ]);
      expect(outcome).toMatchObject({ lastSeq: 2, lastPosition: 2, headHash: read[1]?.hash });
      expect(read[1]?.header.previous).toBe(read[0]?.hash);
    });

    test('reading after a seq gives what follows it', async () => {
      await aRunOf(opened.store, 'r1', [created(), claimed('a'), claimed('b')]);
      expect((await opened.store.read('r1', 2)).map((event) => event.seq)).toEqual([3]);
      expect(await opened.store.read('r1', 3)).toEqual([]);
      expect(await opened.store.read('r1', 9)).toEqual([]);
    });

    test('a run that does not exist has no events, no head and no row', async () => {
      expect(await opened.store.read('nobody')).toEqual([]);
      expect(await opened.store.head('nobody')).toBeUndefined();
      expect(await opened.store.run('nobody')).toBeUndefined();
    });

    test('a payload of several hundred kilobytes comes back whole', async () => {
      const payload = claimed('é🙂'.repeat(60_000));
      await aRunOf(opened.store, 'r1', [created(), payload]);
      await aRunOf(opened.store, 'r2', [payload]);
      expect((await opened.store.read('r1'))[1]?.payload).toEqual(payload);
      expect((await opened.store.read('r2'))[0]?.payload).toEqual(payload);
    });

    test('a lone surrogate becomes U+FFFD, and the chain verifies', async () => {
      await aRunOf(opened.store, 'r1', [claimed('a\uD800b')]);
      expect((await opened.store.read('r1'))[0]?.payload).toEqual(claimed('a\uFFFDb'));
      expect(await verifyRun(opened.store, 'r1')).toMatchObject({ kind: 'verified' });
    });

    test('an append without events, or with a time that is no number, is refused and does not fail others', async () => {
      const outcomes = await Promise.allSettled([
        opened.store.append(anAppend(opened.store, { run: 'r1', events: [] })),
        opened.store.append(anAppend(opened.store, { run: 'r2', events: [{ ts: Number.NaN, payload: claimed('a') }] })),
        opened.store.append(anAppend(opened.store, { run: 'r3' })),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    });

    test('time that goes back within a run is refused and does not fail others', async () => {
      await aRunOf(opened.store, 'r1', [claimed('a')]);
      const [back, other] = await Promise.allSettled([
        opened.store.append(
          anAppend(opened.store, { run: 'r1', expectedSeq: 1, events: [{ ts: 1, payload: claimed('b') }] }),
        ),
        opened.store.append(anAppend(opened.store, { run: 'r2', events: [{ ts: 1, payload: claimed('b') }] })),
      ]);
      expect(back).toMatchObject({ status: 'rejected', reason: { reason: 'internal/unexpected' } });
      expect(other).toMatchObject({ status: 'fulfilled', value: { kind: 'appended' } });
    });
  });

  describe('S1: acknowledged is durable', () => {
    test('events, rows, heads and the inbox are there after closing and opening', async () => {
      await aRunOf(opened.store, 'r1', [created(), claimed('a')]);
      await opened.store.send(aCommand('c1'));
      const before = [
        await opened.store.read('r1'),
        await opened.store.head('r1'),
        await opened.store.run('r1'),
        await opened.store.inbox(),
      ];
      await opened.reopen();
      expect([
        await opened.store.read('r1'),
        await opened.store.head('r1'),
        await opened.store.run('r1'),
        await opened.store.inbox(),
      ]).toEqual(before);
    });

    test('appends that were not awaited are answered before the store is closed', async () => {
      const pending = ['r1', 'r2', 'r3'].map((run) => opened.store.append(anAppend(opened.store, { run })));
      await opened.store.close();
      expect((await Promise.all(pending)).map(({ kind }) => kind)).toEqual(['appended', 'appended', 'appended']);
    });

    test('a closed store refuses', async () => {
      await opened.store.close();
      await expect(opened.store.append(anAppend(opened.store, { run: 'r1' }))).rejects.toMatchObject({
        reason: 'unavailable/store_failed',
      });
    });
  });

  describe('S2: expected seq and epoch', () => {
    test('another head is a conflict that names it and writes nothing', async () => {
      await aRunOf(opened.store, 'r1', [created(), claimed('a')]);
      const head = await opened.store.head('r1');
      for (const expectedSeq of [0, 1, 3]) {
        const row = aRow({ title: 'changed' });
        expect(await opened.store.append(anAppend(opened.store, { run: 'r1', expectedSeq, row }))).toEqual({
          kind: 'conflict',
          headSeq: 2,
        });
      }
      expect(await opened.store.head('r1')).toEqual(head);
      expect((await opened.store.run('r1'))?.title).toBe('a run');
    });

    test('what begins under a run of a later epoch is fenced and writes nothing', async () => {
      await opened.store.append(anAppend(opened.store, { run: 'r1', epoch: 7 }));
      const child = { run: 'r1-a', parent: 'r1' };
      expect(await opened.store.append(anAppend(opened.store, { ...child, epoch: 6 }))).toEqual({
        kind: 'fenced',
        epoch: 7,
      });
      expect(await opened.store.head('r1-a')).toBeUndefined();
      expect(await opened.store.append(anAppend(opened.store, { ...child, epoch: 7 }))).toMatchObject({
        kind: 'appended',
      });
      const orphan = { run: 'r2-a', parent: 'r2' };
      expect(await opened.store.append(anAppend(opened.store, orphan))).toMatchObject({ kind: 'appended' });
    });

    test('an older epoch than the run has seen is fenced, also when its seq is stale', async () => {
      await opened.store.append(anAppend(opened.store, { run: 'r1', epoch: 7 }));
      expect(await opened.store.append(anAppend(opened.store, { run: 'r1', expectedSeq: 1, epoch: 6 }))).toEqual({
        kind: 'fenced',
        epoch: 7,
      });
      expect(await opened.store.append(anAppend(opened.store, { run: 'r1', expectedSeq: 0, epoch: 6 }))).toEqual({
        kind: 'fenced',
        epoch: 7,
      });
      expect(await opened.store.append(anAppend(opened.store, { run: 'r1', expectedSeq: 1, epoch: 8 }))).toMatchObject({
        kind: 'appended',
      });
      expect(await opened.store.head('r1')).toMatchObject({ seq: 2, epoch: 8 });
    });

    test('each ownership has a higher epoch than the one before', async () => {
      const first = opened.store.ownership;
      await opened.reopen();
      const second = opened.store.ownership;
      if (first.kind !== 'writer' || second.kind !== 'writer') throw new TypeError('the place opens writers');
      expect(second.epoch).toBeGreaterThan(first.epoch);
    });
  });

  describe('takeEpoch', () => {
    test('gives numbers that are higher than all before them', async () => {
      const { ownership } = opened.store;
      const first = await opened.store.takeEpoch();
      const others = await Promise.all([1, 2, 3].map(() => opened.store.takeEpoch()));
      expect(first).toBeGreaterThan(ownership.kind === 'writer' ? ownership.epoch : Infinity);
      expect(Math.min(...others)).toBeGreaterThan(first);
      expect(new Set(others).size).toBe(3);
    });
  });

  describe('S3: appends share commits', () => {
    test('of many appends at one moment each succeeds or conflicts by itself', async () => {
      await aRunOf(opened.store, 'r1', [created()]);
      const runs = Array.from({ length: 300 }, (_, index) => `many-${index}`);
      const outcomes = await Promise.all([
        ...runs.map((run) => opened.store.append(anAppend(opened.store, { run }))),
        opened.store.append(anAppend(opened.store, { run: 'r1', expectedSeq: 0 })),
      ]);
      expect(outcomes.filter(({ kind }) => kind === 'appended')).toHaveLength(300);
      expect(outcomes.at(-1)).toEqual({ kind: 'conflict', headSeq: 1 });
      expect((await opened.store.commits(0, 1_000)).length).toBeLessThan(50);
    });

    test('appends of one run that wait together follow each other', async () => {
      const outcomes = await Promise.all(
        [0, 1, 1, 2].map((expectedSeq) => opened.store.append(anAppend(opened.store, { run: 'r1', expectedSeq }))),
      );
      expect(outcomes.map(({ kind }) => kind)).toEqual(['appended', 'appended', 'conflict', 'appended']);
      expect(await opened.store.read('r1')).toHaveLength(3);
    });
  });

  describe('S4: positions', () => {
    test('positions follow acknowledgement order, without gaps, across conflicts and reopening', async () => {
      await aRunOf(opened.store, 'r1', [created(), claimed('a')]);
      await opened.store.append(anAppend(opened.store, { run: 'r1', expectedSeq: 0 }));
      await opened.reopen();
      await aRunOf(opened.store, 'r2', [created()]);
      expect((await opened.store.tail(0, 10)).map(({ position, run }) => ({ position, run }))).toEqual([
        { position: 1, run: 'r1' },
        { position: 2, run: 'r1' },
        { position: 3, run: 'r2' },
      ]);
    });

    test('a follower misses nothing while appends go on', async () => {
      let isWriting = true;
      const writers = Array.from({ length: 8 }, (_, index) => aRunOf(opened.store, `w${index}`, manyClaims(40)));
      const writing = Promise.all(writers).finally(() => (isWriting = false));
      const seen: number[] = [];
      const follow = async (): Promise<void> => {
        const events = await opened.store.tail(seen.length, 7);
        seen.push(...events.map((event) => event.position));
        if (events.length > 0) return follow();
        if (!isWriting) return;
        await new Promise((resolve) => setTimeout(resolve, 1));
        return follow();
      };
      await Promise.all([writing, follow()]);
      await follow();
      expect(seen).toEqual(Array.from({ length: 320 }, (_, index) => index + 1));
    });
  });

  describe('S5: events, row and consumed commands are one transaction', () => {
    test('an append removes the commands that it answers, and sets the row', async () => {
      await opened.store.send(aCommand('c1'));
      await opened.store.send(aCommand('c2'));
      await opened.store.append(
        anAppend(opened.store, { run: 'r1', consumes: ['c1'], row: aRow({ status: 'cancelled' }) }),
      );
      expect((await opened.store.inbox()).map(({ id }) => id)).toEqual(['c2']);
      expect(await opened.store.run('r1')).toMatchObject({
        status: 'cancelled',
        seq: 1,
        run: 'r1',
        tenant: 'local',
        origin: undefined,
      });
    });

    test('an append that answers a command which has been answered is a conflict and writes nothing', async () => {
      await opened.store.send(aCommand('c1'));
      await opened.store.send(aCommand('c2'));
      await opened.store.append(anAppend(opened.store, { run: 'r1', consumes: ['c1'] }));
      await opened.store.answer([{ id: 'c2', ts: 1_000, refusal: undefined }]);
      for (const id of ['c1', 'c2'])
        expect(
          await opened.store.append(anAppend(opened.store, { run: 'r1', expectedSeq: 1, consumes: [id] })),
        ).toEqual({
          kind: 'conflict',
          headSeq: 1,
        });
      expect(await opened.store.head('r1')).toMatchObject({ seq: 1 });
    });

    test('a refused append leaves its commands', async () => {
      await opened.store.send(aCommand('c1'));
      await opened.store.append(anAppend(opened.store, { run: 'r1', expectedSeq: 4, consumes: ['c1'] }));
      expect(await opened.store.inbox()).toHaveLength(1);
    });
  });

  describe('snapshots', () => {
    test('the newest snapshot of the schema is loaded', async () => {
      await aRunOf(opened.store, 'r1', [created(), claimed('a'), claimed('b')]);
      for (const { seq, hash } of await opened.store.read('r1')) {
        await opened.store.saveSnapshot({ run: 'r1', seq, hash, schema: 1, state: { seq, list: [1, 'zwei', null] } });
      }
      await opened.reopen();
      expect(await opened.store.loadSnapshot('r1', 1)).toMatchObject({
        seq: 3,
        state: { seq: 3, list: [1, 'zwei', null] },
      });
      expect(await opened.store.loadSnapshot('r1', 2)).toBeUndefined();
      expect(await opened.store.loadSnapshot('r2', 1)).toBeUndefined();
    });

    test('a snapshot that names another event than the one at its seq is ignored', async () => {
      await aRunOf(opened.store, 'r1', [created(), claimed('a')]);
      await opened.store.saveSnapshot({ run: 'r1', seq: 2, hash: '0'.repeat(64), schema: 1, state: {} });
      expect(await opened.store.loadSnapshot('r1', 1)).toBeUndefined();
    });
  });

  describe('proof', () => {
    test('every run verifies against the signed commits, under the key of the store', async () => {
      await Promise.all(['r1', 'r2', 'r3'].map((run) => aRunOf(opened.store, run, manyClaims(20))));
      await opened.reopen();
      await aRunOf(opened.store, 'r4', [created()]);
      for (const run of ['r1', 'r2', 'r3', 'r4']) {
        expect(await verifyRun(opened.store, run, [opened.store.signer().fingerprint])).toMatchObject({
          kind: 'verified',
          run,
        });
      }
      expect(await verifyRun(opened.store, 'r1', ['f'.repeat(64)])).toMatchObject({
        kind: 'refused',
        reason: 'invalid_argument/export_key',
      });
    });

    test('an adopted run keeps its hashes, exports again, and cannot be appended to', async () => {
      await aRunOf(
        opened.store,
        'r1',
        [created(), claimed('é'.repeat(50_000)), { type: 'run.succeeded' }],
        aRow({ status: 'succeeded' }),
      );
      const lines = await opened.store.entries('r1', 0, 10);
      const other = await makePlace();
      const copy = await other.open();
      const foreign = { lines, row: aRow({ status: 'succeeded' }), origin: opened.store.signer().fingerprint };
      expect([await copy.adopt(foreign), await copy.adopt(foreign)]).toEqual(['adopted', 'exists']);
      expect((await copy.read('r1')).map(({ hash }) => hash)).toEqual(lines.map(({ hash }) => hash));
      expect(await copy.run('r1')).toMatchObject({ origin: opened.store.signer().fingerprint, seq: 3 });
      expect(await copy.append(anAppend(copy, { run: 'r1', expectedSeq: 3 }))).toMatchObject({ kind: 'fenced' });
      expect(await verifyRun(copy, 'r1')).toMatchObject({ kind: 'verified', count: 3 });
      expect((await Array.fromAsync(exportRun(copy, 'r1'))).slice(0, 3)).toEqual(
        (await Array.fromAsync(exportRun(opened.store, 'r1'))).slice(0, 3),
      );
      await copy.close();
      await other.remove();
    });

    test('the number of changes moves with each commit', async () => {
      const before = opened.store.changes();
      expect(opened.store.changes()).toBe(before);
      await aRunOf(opened.store, 'r1', [created()]);
      expect(opened.store.changes()).not.toBe(before);
    });
  });
}

function describeInbox(opened: OpenedStore): void {
  describe('inbox', () => {
    test('the same id twice is one command, oldest first', async () => {
      await opened.store.send(aCommand('c2'));
      await opened.store.send(aCommand('c1'));
      await opened.store.send({ ...aCommand('c2'), command: { type: 'other' } });
      expect(await opened.store.inbox()).toEqual([aCommand('c2'), aCommand('c1')]);
    });

    test('a command that is repeated after its answer does not come back', async () => {
      await opened.store.send(aCommand('c1'));
      await opened.store.send(aCommand('c2'));
      await opened.store.append(anAppend(opened.store, { run: 'r1', consumes: ['c1'] }));
      await opened.store.answer([{ id: 'c2', ts: 1, refusal: undefined }]);
      await opened.store.send(aCommand('c1'));
      await opened.store.send(aCommand('c2'));
      expect(await opened.store.inbox()).toEqual([]);
    });

    test('a command that waits can be taken back', async () => {
      await opened.store.send(aCommand('c1'));
      await opened.store.send(aCommand('c2'));
      await opened.store.withdraw('c1');
      expect((await opened.store.inbox()).map(({ id }) => id)).toEqual(['c2']);
    });
  });

  describe('answers', () => {
    const week = 7 * 24 * 3_600_000;
    const refusal = { reason: 'invalid_argument/run_ended', message: 'The run has ended: r1', where: 'r1' } as const;

    test('a refusal is kept for whoever asks; what an event consumed was done', async () => {
      await opened.store.send(aCommand('c1'));
      await opened.store.send(aCommand('c2'));
      expect(await opened.store.answerTo('c1')).toBeUndefined();
      await opened.store.append(anAppend(opened.store, { run: 'r1', consumes: ['c1'] }));
      await opened.store.answer([{ id: 'c2', ts: 5, refusal }]);
      expect(await opened.store.answerTo('c1')).toMatchObject({ id: 'c1', refusal: undefined });
      expect(await opened.store.answerTo('c2')).toEqual({ id: 'c2', ts: 5, refusal });
    });

    test('the first answer stands', async () => {
      await opened.store.answer([{ id: 'c1', ts: 5, refusal: undefined }]);
      await opened.store.answer([{ id: 'c1', ts: 6, refusal }]);
      expect(await opened.store.answerTo('c1')).toEqual({ id: 'c1', ts: 5, refusal: undefined });
    });

    test('they age out after a week', async () => {
      await opened.store.answer([{ id: 'old', ts: 5, refusal }]);
      await opened.store.answer([{ id: 'new', ts: week + 5, refusal }]);
      expect(await opened.store.answerTo('old')).toBeDefined();
      await opened.store.answer([{ id: 'newer', ts: week + 6, refusal }]);
      expect(await opened.store.answerTo('old')).toBeUndefined();
      expect(await opened.store.answerTo('new')).toBeDefined();
    });
  });
}

function describeProjection(opened: OpenedStore): void {
  test('a row is set by the append that it comes with, and by none that was refused', async () => {
    await aRunOf(opened.store, 'r1', [created()], aRow({ title: 'first', wakeTs: 7 }));
    const row = aRow({ status: 'paused', title: 'second' });
    await opened.store.append(anAppend(opened.store, { run: 'r1', expectedSeq: 5, row }));
    expect(await opened.store.run('r1')).toMatchObject({ title: 'first', status: 'running', wakeTs: 7, seq: 1 });
    await opened.store.append(anAppend(opened.store, { run: 'r1', expectedSeq: 1, row }));
    expect(await opened.store.run('r1')).toMatchObject({
      ...row,
      seq: 2,
      tenant: 'local',
      wakeTs: undefined,
      origin: undefined,
    });
  });

  test('runs are counted by status, and found by the time of their timers and as wholes', async () => {
    await aRunOf(opened.store, 'late', [created()], aRow({ status: 'paused', wakeTs: 30 }));
    await aRunOf(opened.store, 'soon', [created()], aRow({ status: 'paused', wakeTs: 10 }));
    await aRunOf(opened.store, 'soon.child', [created()], aRow({ status: 'failed' }));
    expect(await opened.store.counts()).toEqual({
      queued: 0,
      running: 0,
      paused: 2,
      succeeded: 0,
      failed: 1,
      cancelled: 0,
    });
    const ids = async (query: Parameters<EventStore['runs']>[0]): Promise<readonly string[]> =>
      (await opened.store.runs(query)).map(({ run }) => run);
    expect(await ids({ wakeBy: 9 })).toEqual([]);
    expect(await ids({ wakeBy: 10 })).toEqual(['soon']);
    expect(await ids({ wakeBy: 99 })).toEqual(['soon', 'late']);
    expect((await ids({ isWhole: true })).toSorted()).toEqual(['late', 'soon']);
  });

  describe('lists of runs', () => {
    test('runs are found by status, join key and a part of the id, newest first, at most as many as asked for', async () => {
      const failure = {
        code: 'test_failed',
        reason: 'test_failed/tests',
        message: 'Tests fail.',
        retryable: false,
      } as const;
      await aRunOf(opened.store, 'old', [created()], aRow({ createdTs: 1, joinKey: 'k' }));
      await aRunOf(opened.store, 'mid', [created()], aRow({ createdTs: 2, status: 'failed', failure, joinKey: 'k' }));
      await aRunOf(opened.store, 'new', [created()], aRow({ createdTs: 3, status: 'succeeded' }));
      const ids = async (query: Parameters<EventStore['runs']>[0]): Promise<readonly string[]> =>
        (await opened.store.runs(query)).map(({ run }) => run);
      expect(await ids({})).toEqual(['new', 'mid', 'old']);
      expect(await ids({ limit: 2 })).toEqual(['new', 'mid']);
      expect(await ids({ joinKey: 'k' })).toEqual(['mid', 'old']);
      expect(await ids({ joinKey: 'k', statuses: ['running', 'queued'] })).toEqual(['old']);
      expect(await ids({ statuses: [] })).toEqual([]);
      expect(await ids({ idPart: 'd' })).toEqual(['mid', 'old']);
      expect(await ids({ idPart: 'd', limit: 1 })).toEqual(['mid']);
      expect(await ids({ idPart: '%' })).toEqual([]);
      expect((await opened.store.run('mid'))?.failure).toEqual(failure);
    });
  });
}

function aCommand(id: string): InboxCommand {
  return { id, run: 'r1', command: { type: 'cancel', by: 'a person' }, ts: 5 };
}

function manyClaims(count: number): readonly ReturnType<typeof claimed>[] {
  return Array.from({ length: count }, (_, index) => claimed(`w${index}`));
}
