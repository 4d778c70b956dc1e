import { VltairError, workflowSchema, type JsonObject } from '@vltair/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { requestOf, SharedFixture, type SharedBehaviour, type SharedWorker } from '../../test/shared-fixture.ts';
import { FaultyStore, type AppendFault } from '../../test/faulty-store.ts';
import { Rounds, type EffectSpec, type EventStore } from '../index.ts';
import { LEASE_MS } from './seat.ts';

const one = { name: 'one', nodes: [{ id: 'a', agent: 'agent' }] };
const spec: EffectSpec = {
  name: 'call',
  arguments: null,
  summary: 'a call',
  policy: 'repeatable',
  clocks: { total: 60_000 },
};

function aFixture(): SharedFixture {
  const fixture = new SharedFixture();
  onTestFinished(() => fixture.close());
  return fixture;
}

/** Goes on when it is told to, or aborted. */
function aWaiter() {
  const begun: string[] = [];
  const release = Promise.withResolvers<JsonObject>();
  const agent =
    (name: string): SharedBehaviour =>
    async ({ signal }) => {
      begun.push(name);
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new VltairError('cancelled/run')), { once: true });
      });
      return await Promise.race([release.promise, aborted]);
    };
  return { agent, begun, release: () => release.resolve({}) };
}

async function statusOf({ store }: SharedWorker, run: string): Promise<string | undefined> {
  return (await store.run(run))?.status;
}

async function claimsOf({ store }: SharedWorker, run: string): Promise<readonly string[]> {
  const events = await store.read(run);
  return events.flatMap(({ payload }) => (payload.type === 'run.claimed' ? [payload.worker] : []));
}

test('a run of a living worker is left alone, whoever asks for it', async () => {
  const fixture = aFixture();
  const { agent, begun } = aWaiter();
  const [first, second] = ['first', 'second'].map((name) => fixture.worker(name, { agents: { agent: agent(name) } }));
  if (first === undefined || second === undefined) throw new TypeError('two workers');
  const run = await fixture.start(first, one);
  await fixture.pass(3 * LEASE_MS, first, second);
  await expect(second.runtime.resume(run)).rejects.toMatchObject({
    reason: 'unavailable/run_held',
    message: expect.stringContaining('first has') as string,
  });
  expect(begun).toEqual(['first']);
  expect(await claimsOf(first, run)).toEqual([]);
});

test('the run of a worker that stands still is free when its lease has run out; when it wakes up it lets go and begins anew', async () => {
  const fixture = aFixture();
  const { agent, begun, release } = aWaiter();
  let sent = 0;
  const calling =
    (name: string): SharedBehaviour =>
    async (context) => {
      await agent(name)(context);
      await context.effect(spec, () => Promise.resolve((sent += 1)));
      return {};
    };
  const first = fixture.worker('first', { agents: { agent: calling('first') } });
  const second = fixture.worker('second', { agents: { agent: calling('second') } });
  const run = await fixture.start(first, one);
  const lost = first.runtime.rest(run);
  void lost.catch(() => {});
  await fixture.pass(LEASE_MS + 100, second);
  await second.runtime.resume(run);
  expect(await claimsOf(second, run)).toEqual(['second']);
  await fixture.pass(LEASE_MS + 200, first, second); // the first one wakes up
  await expect(lost).rejects.toMatchObject({ reason: 'unavailable/lease_lost' });
  expect(first.runtime.epochs).toHaveLength(1);
  release();
  await fixture.until(async () => (await statusOf(second, run)) === 'succeeded', first, second);
  expect(begun).toEqual(['first', 'second']);
  expect(sent).toBe(1);
  const later = await fixture.start(first, one);
  await fixture.until(async () => (await statusOf(first, later)) === 'succeeded', first, second);
});

test('a worker that was opened earlier takes the run of a later one over, under a new epoch', async () => {
  const fixture = aFixture();
  const { agent, begun, release } = aWaiter();
  const earlier = fixture.worker('earlier', { agents: { agent: agent('earlier') } });
  const later = fixture.worker('later', { agents: { agent: agent('later') } });
  const own = await fixture.start(earlier, one);
  const run = await fixture.start(later, one);
  await fixture.pass(LEASE_MS + 100, earlier);
  await earlier.runtime.resume(run);
  expect(begun).toEqual(['earlier', 'later', 'earlier']);
  expect(earlier.runtime.epochs).toHaveLength(2);
  await fixture.pass(LEASE_MS, earlier);
  expect(earlier.runtime.isWorkingOn(own)).toBe(true);
  release();
  await fixture.until(async () => (await statusOf(earlier, run)) === 'succeeded', earlier);
  await fixture.until(async () => (await statusOf(earlier, own)) === 'succeeded', earlier);
  expect(await claimsOf(earlier, own)).toEqual([]);
  const third = fixture.worker('third', { agents: { agent: agent('third') } });
  const last = await fixture.start(third, { name: 'last', nodes: [{ id: 'a', signal: {} }] });
  await fixture.pass(LEASE_MS + 100, earlier);
  await earlier.runtime.resume(last);
  expect(earlier.runtime.epochs).toHaveLength(1);
});

test('a worker whose store cannot be reached lets go before its lease runs out there', async () => {
  const fixture = aFixture();
  let isCut = false;
  const unreachable = () => Promise.reject(new VltairError('unavailable/store_unreachable'));
  const cut = (store: EventStore): EventStore =>
    new CutStore(
      store,
      (_, append) => (isCut ? unreachable() : append()),
      () => isCut,
    );
  const { agent } = aWaiter();
  const worker = fixture.worker('cut', { agents: { agent: agent('cut') }, store: cut });
  const other = fixture.worker('other');
  const run = await fixture.start(worker, one);
  isCut = true;
  const lost = worker.runtime.rest(run);
  void lost.catch(() => {});
  await fixture.until(async () => (await other.store.leases?.holderOf(run, [])) === undefined, worker, other);
  await expect(lost).rejects.toMatchObject({ reason: 'unavailable/lease_lost' });
  expect(worker.warnings).toContainEqual(expect.stringContaining('the lease of this worker cannot be renewed'));
});

/** A store whose leases cannot be asked for while it is cut off. */
class CutStore extends FaultyStore {
  readonly #isCut: () => boolean;

  constructor(real: EventStore, onAppend: AppendFault, isCut: () => boolean) {
    super(real, onAppend);
    this.#isCut = isCut;
  }

  override get leases(): EventStore['leases'] {
    const { leases } = this.real;
    if (leases === undefined || !this.#isCut()) return leases;
    return new Proxy(leases, { get: () => () => Promise.reject(new VltairError('unavailable/store_unreachable')) });
  }
}

test('a command reaches the owner of its run through the inbox; a start goes to one worker that stays', async () => {
  const fixture = aFixture();
  const { agent } = aWaiter();
  const [first, second, guest] = [
    fixture.worker('first', { agents: { agent: agent('first') } }),
    fixture.worker('second', { agents: { agent: agent('second') } }),
    fixture.worker('guest', { isWorker: false }),
  ];
  const request = { ...requestOf(one), workflow: workflowSchema.parse(one) };
  const runs = Array.from({ length: 6 }, (_, n) => `01900000-0000-7000-8000-00000000000${n}`);
  for (const run of runs) {
    const command = { type: 'start', joins: false, request } as unknown as JsonObject;
    await guest.store.send({ id: `start-${run}`, run, command, ts: 1 });
  }
  await fixture.until(
    async () => (await guest.store.runs({ statuses: ['running'] })).length === 6,
    first,
    second,
    guest,
  );
  expect(guest.runtime.isWorkingOn(runs[0] ?? '')).toBe(false);
  const [run = ''] = runs;
  const owner = first.runtime.isWorkingOn(run) ? first : second;
  await guest.store.send({ id: 'c', run, command: { type: 'cancel', by: 'ann', reason: 'no' }, ts: 2 });
  await fixture.until(async () => (await statusOf(guest, run)) === 'cancelled', first, second, guest);
  expect(await guest.store.answerTo('c')).toMatchObject({ refusal: undefined });
  const [last] = (await guest.store.read(run)).slice(-1);
  expect(owner.runtime.epochs).toContain(last?.epoch);
});

test('at most one attempt of a concurrency key is in flight over all workers', async () => {
  const fixture = aFixture();
  let [inFlight, most] = [0, 0];
  const agent: SharedBehaviour = async (context) => {
    most = Math.max(most, (inFlight += 1));
    await context.effect(spec, () => new Promise<null>((resolve) => setImmediate(() => resolve(null))));
    inFlight -= 1;
    return {};
  };
  const workflow = { name: 'deploy', nodes: [{ id: 'a', agent: 'agent', concurrencyKey: 'production' }] };
  const workers = ['one', 'two', 'three'].map((name) => fixture.worker(name, { agents: { agent } }));
  const runs = await Promise.all(workers.flatMap((worker) => [1, 2, 3].map(() => fixture.start(worker, workflow))));
  const [any] = workers;
  if (any === undefined) throw new TypeError('workers');
  await fixture.until(
    async () => (await any.store.runs({ statuses: ['succeeded'] })).length === runs.length,
    ...workers,
  );
  expect(most).toBe(1);
});

test('the key of a worker that has died is free with its lease', async () => {
  const fixture = aFixture();
  const { agent, begun, release } = aWaiter();
  const workflow = { name: 'deploy', nodes: [{ id: 'a', agent: 'agent', concurrencyKey: 'production' }] };
  const dead = fixture.worker('dead', { agents: { agent: agent('dead') } });
  const alive = fixture.worker('alive', { agents: { agent: agent('alive') } });
  await fixture.start(dead, workflow);
  const run = await fixture.start(alive, workflow);
  await fixture.pass(LEASE_MS - 200, alive);
  expect(begun).toEqual(['dead']);
  release();
  await fixture.until(async () => (await statusOf(alive, run)) === 'succeeded', alive);
  expect(begun).toEqual(['dead', 'alive']);
});

const family = {
  name: 'family',
  nodes: [{ id: 'a', subrun: { workflow: 'child' } }],
  workflows: { child: { nodes: [{ id: 'b', agent: 'agent' }] } },
};

/** Once it is in the store. */
async function childOf(fixture: SharedFixture, run: string, ...workers: readonly SharedWorker[]): Promise<string> {
  const children = async () => (await workers[0]?.store.runs({ idPart: `${run}.` })) ?? [];
  await fixture.until(async () => (await children()).length === 1, ...workers);
  return (await children())[0]?.run ?? '';
}

/** A run whose worker has died: it and its child went to two others. */
async function aFamilyApart(agent: (name: string) => SharedBehaviour) {
  const fixture = aFixture();
  const [first, second, third] = (['first', 'second', 'third'] as const).map((name) =>
    fixture.worker(name, { agents: { agent: agent(name) } }),
  );
  if (first === undefined || second === undefined || third === undefined) throw new TypeError('three workers');
  const run = await fixture.start(first, family);
  const child = await childOf(fixture, run, first, second, third);
  await fixture.pass(LEASE_MS + 100, second, third);
  await second.runtime.resume(child);
  await third.runtime.resume(run);
  return { fixture, second, third, run, child };
}

test('a run whose child another worker has waits for it, and follows it when that worker dies', async () => {
  const { agent, begun, release } = aWaiter();
  const { fixture, second, third, run, child } = await aFamilyApart(agent);
  await fixture.pass(5_000, second, third);
  expect(await claimsOf(third, run)).toEqual(['third']);
  expect(await claimsOf(third, child)).toEqual(['second']);
  release();
  await fixture.until(async () => (await statusOf(third, child)) === 'succeeded', second);
  await fixture.until(async () => (await statusOf(third, run)) === 'succeeded', third);
  expect(begun).toEqual(['first', 'second']);
});

test('the child of a run is cancelled with it, whichever worker has it', async () => {
  const { fixture, second, third, run, child } = await aFamilyApart(aWaiter().agent);
  await third.runtime.command(run, { type: 'cancel', by: 'ann', reason: 'no' });
  await fixture.until(async () => (await statusOf(third, run)) === 'cancelled', second, third);
  expect(await statusOf(third, child)).toBe('cancelled');
});

test('a run that only waits for its children takes up no room', async () => {
  const fixture = aFixture();
  const worker = fixture.worker('worker', { agents: { agent: aWaiter().agent('worker') } });
  const { room } = worker.runtime;
  const run = await fixture.start(worker, family);
  await childOf(fixture, run, worker);
  expect(worker.runtime.room).toBe(room - 1);
});

test('a run that another worker was faster to take up is looked at again', async () => {
  const fixture = aFixture();
  const { agent, begun } = aWaiter();
  const { promise: faster, resolve: isFaster } = Promise.withResolvers<void>();
  const slow = fixture.worker('slow', {
    agents: { agent: agent('slow') },
    store: (store) => new FaultyStore(store, (_, append) => faster.then(append)),
  });
  const quick = fixture.worker('quick', { agents: { agent: agent('quick') } });
  const dead = fixture.worker('dead', { agents: { agent: agent('dead') } });
  const run = await fixture.start(dead, one);
  await fixture.pass(LEASE_MS + 100, slow, quick);
  const told: string[] = [];
  const rounds = new Rounds({ ...slow, notTakenUp: ({ run: refused }) => told.push(refused) });
  const round = rounds.turn(); // its claim comes after the other one's
  await quick.runtime.resume(run);
  isFaster();
  await round;
  expect(await claimsOf(slow, run)).toEqual(['quick']);
  await fixture.pass(LEASE_MS + 500, slow); // and that one dies
  await rounds.walk();
  expect(await claimsOf(slow, run)).toEqual(['quick', 'slow']);
  expect([told, begun.at(-1), rounds.isRefused(run)]).toEqual([[], 'slow', false]);
});

test('a worker that has lost its lease over more runs than it takes on has room for them again', async () => {
  const fixture = aFixture();
  const { agent, begun } = aWaiter();
  const worker = fixture.worker('w', { agents: { agent: agent('w') }, concurrency: 100 });
  const { room } = worker.runtime;
  const runs = await Promise.all(Array.from({ length: room + 5 }, () => fixture.start(worker, one)));
  expect(worker.runtime.room).toBe(0);
  await fixture.pass(LEASE_MS + 100); // it stands still
  await fixture.until(() => worker.runtime.epochs?.length === 1 && worker.runtime.room === room, worker);
  const rounds = new Rounds({ store: worker.store, clock: worker.clock, runtime: worker.runtime });
  await rounds.turn();
  expect(worker.runtime.room).toBe(0);
  expect(begun.length).toBeGreaterThan(100);
  expect(runs.filter((run) => worker.runtime.isWorkingOn(run))).toHaveLength(room);
});

test('a start that was asked for when the lease was lost begins under the next one', async () => {
  const fixture = aFixture();
  const asked = Promise.withResolvers<undefined>();
  const proceed = Promise.withResolvers<undefined>();
  const slow = (store: EventStore): EventStore =>
    new (class extends FaultyStore {
      override async run(id: string) {
        asked.resolve(undefined);
        await proceed.promise;
        return await super.run(id);
      }
    })(store, (_, append) => append());
  const worker = fixture.worker('w', { store: slow });
  await fixture.until(() => worker.runtime.epochs?.length === 1, worker);
  const [before] = worker.runtime.epochs ?? [];
  const started = fixture.start(worker, one);
  await asked.promise;
  await fixture.pass(LEASE_MS + 100);
  await fixture.until(() => (worker.runtime.epochs?.[0] ?? before) !== before, worker);
  proceed.resolve(undefined);
  const [first] = await worker.store.read(await started);
  expect(first?.epoch).toBe(worker.runtime.epochs?.[0]);
});

test('a call that a lost lease cut short has no outcome: whoever takes the run over decides by its intent', async () => {
  const fixture = aFixture();
  const called = Promise.withResolvers<undefined>();
  const once: EffectSpec = { ...spec, policy: 'once' };
  const agent: SharedBehaviour = async (context) => {
    await context.effect(once, async ({ signal }) => {
      called.resolve(undefined);
      return await new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new VltairError('cancelled/run')), { once: true });
      });
    });
    return {};
  };
  const [first, second] = [
    fixture.worker('first', { agents: { agent } }),
    fixture.worker('second', { agents: { agent } }),
  ];
  const run = await fixture.start(first, one);
  await called.promise;
  await fixture.pass(LEASE_MS + 100, second);
  await fixture.pass(200, first, second);
  expect((await second.store.read(run)).at(-1)?.payload.type).toBe('effect.intended');
  await second.runtime.resume(run);
  await fixture.until(async () => (await statusOf(second, run)) === 'paused', first, second);
  expect((await second.store.read(run)).some(({ payload }) => payload.type === 'effect.recorded')).toBe(false);
});

test('whoever stood still between the intent and the call sends nothing when it wakes', async () => {
  const fixture = aFixture();
  const proceed = Promise.withResolvers<undefined>();
  const intended = Promise.withResolvers<undefined>();
  let sent = 0;
  const agent: SharedBehaviour = async (context) => {
    await context.effect(spec, () => Promise.resolve((sent += 1)));
    return {};
  };
  const slow = (store: EventStore): EventStore =>
    new FaultyStore(store, async ({ events }, append) => {
      const outcome = await append();
      if (!events.some(({ payload }) => payload.type === 'effect.intended')) return outcome;
      intended.resolve(undefined);
      await proceed.promise;
      return outcome;
    });
  const worker = fixture.worker('w', { agents: { agent }, store: slow });
  const run = await fixture.start(worker, {
    name: 'two',
    nodes: [
      { id: 'nap', sleep: 100 },
      { ...one.nodes[0], id: 'a', agent: 'agent', needs: ['nap'] },
    ],
  });
  await fixture.until(
    async () => (await statusOf(worker, run)) === 'running' && (await worker.store.head(run))?.seq !== 3,
    worker,
  );
  await intended.promise;
  worker.clock.pass(LEASE_MS);
  proceed.resolve(undefined);
  await fixture.pass(100);
  expect(sent).toBe(0);
  expect(worker.runtime.isWorkingOn(run)).toBe(false);
});

test('a worker closes its lease and gives its runs back at once', async () => {
  const fixture = aFixture();
  const { agent } = aWaiter();
  const first = fixture.worker('first', { agents: { agent: agent('first') } });
  const second = fixture.worker('second', { agents: { agent: agent('second') } });
  const run = await fixture.start(first, one);
  await first.runtime.close(0);
  await second.runtime.resume(run);
  expect(await claimsOf(second, run)).toEqual(['second']);
  await expect(fixture.start(first, one)).rejects.toMatchObject({ reason: 'unavailable/shutting_down' });
});

test('a sleeper is woken by the worker that has it, and by another one when that has died', async () => {
  const fixture = aFixture();
  const workflow = { name: 'nap', nodes: [{ id: 'a', sleep: 8_000 }] };
  const first = fixture.worker('first');
  const second = fixture.worker('second');
  const [run, lost] = [await fixture.start(first, workflow), await fixture.start(first, workflow)];
  await fixture.pass(5_000, first, second);
  expect(await statusOf(first, lost)).toBe('paused');
  await fixture.until(async () => (await statusOf(first, run)) === 'succeeded', second);
  expect(await claimsOf(second, run)).toEqual(['second']);
});
