import { VltairError, workflowSchema, type Fact, type RunEvent } from '@vltair/protocol';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FaultyStore, type AppendFault } from '../../test/faulty-store.ts';
import { aDirectory } from '../../test/journal-builders.ts';
import { openReplayedStore } from '../../test/replayed-store.ts';
import { until } from '../../test/until.ts';
import { type AppendRequest, type EventStore } from '../index.ts';
import { loadState, RunLog } from './run-log.ts';

const RUN = 'run-log-test';

const creation: Fact = {
  type: 'run.created',
  workflow: workflowSchema.parse({ name: 'one', nodes: [{ id: 'a', agent: 'none' }] }),
  manifest: { workflow: 'w', agents: {}, flags: [] },
  input: {},
  traceId: '0af7651916cd43dd8448eb211c80319c',
  title: 'a run',
};

function applied(file: string): Fact {
  return { type: 'tree.applied', by: 'ann', directory: '/d', treeBefore: 'a', treeAfter: 'b', files: [file] };
}

function stopped(node: string): Fact {
  return { type: 'attempt.stopped', node, visit: 1, attempt: 1 };
}

function refuse(): never {
  throw new RangeError('refused');
}

const place = aDirectory();
let store: EventStore;
const appends: AppendRequest[] = [];
const committed: (readonly RunEvent[])[] = [];
const lost: unknown[] = [];

beforeEach(async () => {
  store = await openReplayedStore({
    directory: place.path,
    mode: 'write',
    now: () => 1,
    onWarning: (warning) => expect.fail(warning),
    commitOn: 'caller',
  });
  for (const list of [appends, committed, lost]) list.length = 0;
});
afterEach(async () => {
  await store.close();
  place.remove();
});

/** A log on the real store, with a fault in the way of its appends. */
function aLog(fault: AppendFault = (_, append) => append(), onHead?: ConstructorParameters<typeof FaultyStore>[2]) {
  const watched: AppendFault = (request, append) => {
    appends.push(request);
    return fault(request, append);
  };
  const epoch = store.ownership.kind === 'writer' ? store.ownership.epoch : 0;
  return new RunLog(RUN, epoch, undefined, {
    store: new FaultyStore(store, watched, onHead),
    time: { now: () => 1_000 },
    soon: setImmediate,
    accepted: () => {},
    committed: (events) => committed.push(events),
    lost: (error) => lost.push(error),
    drained: () => {},
  });
}

describe('W1: one append is in flight at a time', () => {
  test('facts of one turn share an append, those that come while it is in flight share the next one', async () => {
    const gate = Promise.withResolvers<undefined>();
    const log = aLog(async (_, append) => {
      if (appends.length === 1) await gate.promise;
      return await append();
    });
    const first = log.accept(() => [creation]).then(() => log.commit(() => [applied('w')]));
    await until(() => appends.length === 1);
    const others = ['x', 'y', 'z'].map((file) => log.commit(() => [applied(file)]));
    await nextTurn();
    expect(appends).toHaveLength(1);
    gate.resolve(undefined);
    await Promise.all([first, ...others]);
    expect(appends.map(({ events }) => events.map(({ payload }) => payload.type))).toEqual([
      ['run.created', 'attempt.scheduled', 'tree.applied'],
      ['tree.applied', 'tree.applied', 'tree.applied'],
    ]);
    expect(appends.map(({ expectedSeq }) => expectedSeq)).toEqual([0, 3]);
  });

  test('a thousand facts at once are appended in order, in few appends', async () => {
    const log = aLog();
    await log.commit(() => [creation]);
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => log.commit(() => [applied(String(index))])));
    const files = (await store.read(RUN)).flatMap(({ payload }) =>
      payload.type === 'tree.applied' ? payload.files : [],
    );
    expect(files).toEqual(Array.from({ length: 1_000 }, (_, index) => String(index)));
    expect(appends.length).toBeLessThan(12);
  });

  test('a maker sees the state after the facts of its batch that come before it', async () => {
    const log = aLog();
    await log.commit(() => [creation]);
    const seen: (number | undefined)[] = [];
    const note = (state: { readonly seq: number } | undefined): readonly Fact[] => {
      seen.push(state?.seq);
      return [applied('x')];
    };
    await Promise.all([log.commit(note), log.commit(note), log.commit(note)]);
    expect(seen).toEqual([2, 3, 4]);
  });

  test('commands are consumed in the append of their facts', async () => {
    await store.send({ id: 'c1', run: RUN, command: {}, ts: 1 });
    const log = aLog();
    await log.commit(() => [creation], ['c1']);
    expect(await store.inbox()).toEqual([]);
  });
});

describe('W2: the state moves on only when the append is acknowledged', () => {
  test('what is accepted is on the state ahead at once, and on no other before it is durable', async () => {
    const log = aLog();
    await log.commit(() => [creation]);
    const settled: string[] = [];
    expect((await log.accept(() => [applied('x')]))?.seq).toBe(3);
    void log.settled().then(() => settled.push('settled'));
    void log.commit(() => []).then(() => settled.push('a look'));
    expect([log.ahead?.seq, log.state?.seq, log.isIdle]).toEqual([3, 2, false]);
    expect([committed.flat().length, settled]).toEqual([2, []]);
    await log.settled();
    expect([log.ahead?.seq, log.state?.seq, log.isIdle]).toEqual([3, 3, true]);
    expect([committed.flat().length, settled]).toEqual([3, ['settled', 'a look']]);
  });

  test('a refusal is told when what it was judged by is durable', async () => {
    const told: string[] = [];
    const log = aLog();
    await log.commit(() => [creation]);
    const refused = log.commit((state) => {
      if (state?.seq === 3) throw new RangeError('refused');
      return [];
    });
    await log.accept(() => [applied('x')]);
    const late = log.commit((state) => {
      throw new RangeError(`at ${state?.seq}`);
    });
    void late.catch(() => told.push(`at ${log.state?.seq}`));
    await refused;
    await expect(late).rejects.toThrow('at 3');
    expect(told).toEqual(['at 3']);
  });

  test('neither the state nor the observer sees what is not durable', async () => {
    const gate = Promise.withResolvers<undefined>();
    const log = aLog(async (_, append) => {
      const outcome = await append();
      await gate.promise;
      return outcome;
    });
    const commit = log.commit(() => [creation]);
    await until(async () => (await store.head(RUN))?.seq === 2);
    expect(log.state).toBeUndefined();
    expect(committed).toEqual([]);
    gate.resolve(undefined);
    expect((await commit)?.seq).toBe(2);
    expect(log.state?.seq).toBe(2);
    expect(committed.flat()).toHaveLength(2);
  });

  test('a maker without facts appends nothing and gets the state', async () => {
    const log = aLog();
    expect(await log.commit(() => [])).toBeUndefined();
    expect(appends).toEqual([]);
  });
});

describe('W3: a refused or failed append loses the log', () => {
  test('a failed append rejects what waits and what comes, and the run loads as it was', async () => {
    const full = new VltairError('unavailable/store_full');
    const log = aLog((_, append) => (appends.length === 2 ? Promise.reject(full) : append()));
    await log.commit(() => [creation]);
    const wishes = [log.commit(() => [applied('x')]), log.commit(() => [applied('y')])];
    expect((await Promise.allSettled(wishes)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(log.commit(() => [applied('z')])).rejects.toBe(full);
    expect(lost).toEqual([full]);
    expect(log.state?.seq).toBe(2);
    expect((await loadState(store, RUN, (warning) => expect.fail(warning)))?.seq).toBe(2);
  });

  test('what was only accepted is forgotten, and who waits for it is told', async () => {
    const full = new VltairError('unavailable/store_full');
    const log = aLog((_, append) => (appends.length === 2 ? Promise.reject(full) : append()));
    await log.commit(() => [creation]);
    await log.accept(() => [applied('x')]);
    const [look, late] = await Promise.allSettled([log.settled(), log.commit(refuse)]);
    expect([look, late]).toMatchObject([{ reason: full }, { reason: full }]);
    expect([log.ahead?.seq, log.state?.seq, log.isIdle]).toEqual([2, 2, true]);
    await expect(log.accept(() => [applied('z')])).rejects.toBe(full);
    expect(await store.read(RUN)).toHaveLength(2);
  });

  test('a failed append that landed all the same counts as appended', async () => {
    const log = aLog(async (_, append) => {
      await append();
      throw new VltairError('unavailable/store_failed');
    });
    expect((await log.commit(() => [creation]))?.seq).toBe(2);
    expect((await log.commit(() => [applied('x')]))?.seq).toBe(3);
    expect(lost).toEqual([]);
    expect(await store.read(RUN)).toHaveLength(3);
  });

  test('when the head cannot be read either, the failure of the append is the one that is told', async () => {
    const full = new VltairError('unavailable/store_full');
    const log = aLog(
      () => Promise.reject(full),
      () => Promise.reject(new VltairError('unavailable/store_corrupt')),
    );
    await expect(log.commit(() => [creation])).rejects.toBe(full);
  });

  test.each([
    ['another writer of the same epoch is ahead', 0],
    ['a later owner has written', 1],
  ])('when %s, the run is fenced', async (_, epochsLater) => {
    const log = aLog(async (request, append) => {
      if (appends.length === 2) await store.append({ ...request, epoch: request.epoch + epochsLater });
      return await append();
    });
    await log.commit(() => [creation]);
    await expect(log.commit(() => [applied('mine')])).rejects.toMatchObject({ reason: 'unavailable/fenced' });
    expect(lost).toHaveLength(1);
    expect(await store.read(RUN)).toHaveLength(3);
  });

  test('what is called at acceptance and throws loses the log', async () => {
    const broken = new Error('broken');
    const log = new RunLog(RUN, 1_000, undefined, {
      store,
      time: { now: () => 1_000 },
      soon: setImmediate,
      accepted: () => {
        throw broken;
      },
      committed: () => {},
      lost: (error) => lost.push(error),
      drained: () => {},
    });
    await expect(log.commit(() => [creation])).rejects.toBe(broken);
    expect([lost, log.isIdle]).toEqual([[broken], true]);
    expect(await store.read(RUN)).toEqual([]);
  });

  test('an observer of commits that throws loses the log, not the events', async () => {
    const broken = new Error('broken');
    const log = new RunLog(RUN, 1_000, undefined, {
      store,
      time: { now: () => 1_000 },
      soon: setImmediate,
      accepted: () => {},
      committed: () => {
        throw broken;
      },
      lost: (error) => lost.push(error),
      drained: () => {},
    });
    await expect(log.commit(() => [creation])).rejects.toBe(broken);
    await expect(log.commit(() => [applied('x')])).rejects.toBe(broken);
    expect(await store.read(RUN)).toHaveLength(2);
  });
});

describe('W4: what cannot be made is refused to its maker alone', () => {
  test('a maker that throws does not keep the others of its batch from being appended', async () => {
    const log = aLog();
    await log.commit(() => [creation]);
    const broken = new Error('broken');
    const [good, bad, later] = await Promise.allSettled([
      log.commit(() => [applied('good')]),
      log.commit(() => {
        throw broken;
      }),
      log.commit(() => [applied('later')]),
    ]);
    expect(bad).toEqual({ status: 'rejected', reason: broken });
    expect([good?.status, later?.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(lost).toEqual([]);
    expect(await store.read(RUN)).toHaveLength(4);
  });

  test('of facts that do not fit the state none is appended, and their commands stay', async () => {
    await store.send({ id: 'c1', run: RUN, command: {}, ts: 1 });
    const log = aLog();
    await log.commit(() => [creation]);
    const twice = [log.commit(() => [applied('x'), stopped('nobody')], ['c1']), log.commit(() => [applied('y')])];
    expect((await Promise.allSettled(twice)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect((await store.read(RUN)).at(-1)?.payload).toEqual(applied('y'));
    expect(await store.inbox()).toHaveLength(1);
  });
});

test('W5: who works ahead of the store gets a batch ahead of it, and no further', async () => {
  const gate = Promise.withResolvers<undefined>();
  const log = aLog(async (_, append) => {
    if (appends.length === 2) await gate.promise;
    return await append();
  });
  await log.commit(() => [creation]);
  let accepted = 0;
  const reading = (async () => {
    for (let turn = 0; turn < 1_000; turn += 1) {
      await log.accept(() => [applied(String(turn))]);
      accepted += 1;
    }
  })();
  await until(() => appends.length === 2);
  await nextTurn();
  expect(accepted).toBe(128);
  gate.resolve(undefined);
  await reading;
  await log.settled();
  expect(Math.max(...appends.map(({ events }) => events.length))).toBe(128);
  expect(await store.read(RUN)).toHaveLength(1_002);
});

test('W1 holds also when wishes have waited for a full batch', async () => {
  let [inFlight, most] = [0, 0];
  const log = aLog(async (_, append) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    if (appends.length < 12) void log.accept(() => [applied('late')]);
    await nextTurn();
    const outcome = await append();
    inFlight -= 1;
    return outcome;
  });
  await log.commit(() => [creation]);
  await Promise.all(Array.from({ length: 600 }, (_, index) => log.commit(() => [applied(String(index))])));
  await log.settled();
  expect([most, lost]).toEqual([1, []]);
  expect((await store.read(RUN)).length).toBeGreaterThan(602);
});

test('time never goes back in a log', async () => {
  let now = 5_000;
  const log = new RunLog(RUN, 1_000, undefined, {
    store,
    time: { now: () => now },
    soon: setImmediate,
    accepted: () => {},
    committed: () => {},
    lost: (error) => lost.push(error),
    drained: () => {},
  });
  await log.commit(() => [creation]);
  now = 1_000;
  await log.commit(() => [applied('x')]);
  expect((await store.read(RUN)).map(({ ts }) => ts)).toEqual([5_000, 5_000, 5_000]);
});

test('a command that became no event is not consumed together with the events of others', async () => {
  const log = aLog();
  await Promise.all([
    log.commit(() => [creation]),
    log.commit(() => [], ['refused']),
    log.commit(() => [applied('f')], ['taken']),
  ]);
  expect(appends.map(({ consumes }) => consumes)).toEqual([['taken']]);
});
