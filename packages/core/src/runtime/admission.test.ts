import { setTimeout as sleep } from 'node:timers/promises';
import { jsonObjectSchema, VltairError, workflowSchema, type WorkflowInput } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { FaultyStore, type AppendFault } from '../../test/faulty-store.ts';
import { RunFixture, type Behaviour } from '../../test/run-fixture.ts';
import { RushingClock } from '../../test/step-clock.ts';
import { until } from '../../test/until.ts';
import type { WaitingLineOptions } from '../index.ts';

const one: WorkflowInput = { name: 'one', nodes: [{ id: 'a', agent: 'agent' }] };

/** One worker, which works until it is let go. */
async function aBusyWorker(queue: WaitingLineOptions, onWarning?: (warning: string) => void) {
  const gate = Promise.withResolvers<undefined>();
  const agent: Behaviour = async () => {
    await gate.promise;
    return {};
  };
  const fixture = await RunFixture.open({
    agents: { agent },
    concurrency: 1,
    queue,
    ...(onWarning ? { onWarning } : {}),
  });
  const first = await fixture.start(one);
  await until(() => fixture.runtime.metrics().busy === 1);
  return { fixture, first, letGo: () => gate.resolve(undefined) };
}

test('a start that finds the queue full is refused and counted, and leaves nothing behind', async () => {
  verifies('OC-16');
  const { fixture, first, letGo } = await aBusyWorker({ limit: 2 });
  const waiting = [await fixture.start(one), await fixture.start(one)];
  await expect(fixture.start(one)).rejects.toMatchObject({ reason: 'queue_full/scheduler' });
  expect(fixture.runtime.metrics()).toMatchObject({ waiting: 2, rejected: 1, dropped: 0 });
  expect(await fixture.store.runs({})).toHaveLength(3);
  letGo();
  const ends = await Promise.all([first, ...waiting].map((run) => fixture.runtime.rest(run)));
  expect(ends.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(fixture.runtime.metrics()).toMatchObject({ waiting: 0 });
  expect((await fixture.run(one)).status).toBe('succeeded');
  await fixture.close();
});

test('drop_oldest ends the run that waits longest, and takes the new one', async () => {
  verifies('OC-16');
  const { fixture, first, letGo } = await aBusyWorker({ limit: 2, policy: 'drop_oldest' });
  const waiting = [await fixture.start(one), await fixture.start(one)];
  const newest = await fixture.start(one);
  const dropped = await fixture.runtime.rest(waiting[0] ?? '');
  expect(dropped).toMatchObject({ status: 'cancelled', cancel: { by: 'scheduler' } });
  expect((await fixture.types(dropped.run)).at(-1)).toBe('run.cancelled');
  expect(fixture.runtime.metrics()).toMatchObject({ waiting: 2, rejected: 0, dropped: 1 });
  letGo();
  for (const run of [first, waiting[1] ?? '', newest])
    expect((await fixture.runtime.rest(run)).status).toBe('succeeded');
  await fixture.close();
});

test('drop_oldest: a start stands although the run that gives way ends already', async () => {
  const gate = Promise.withResolvers<undefined>();
  const agent: Behaviour = async () => (await gate.promise, {});
  const queue = { limit: 1, policy: 'drop_oldest' } as const;
  const fixture = await RunFixture.open({ agents: { agent }, concurrency: 1, queue });
  const first = await fixture.start(one);
  await until(() => fixture.runtime.metrics().busy === 1);
  const ending = await fixture.start({ ...one, finally: [{ id: 'sweep', agent: 'agent' }] });
  await fixture.runtime.command(ending, { type: 'cancel', by: 'ann', reason: 'enough' });
  const newest = await fixture.start(one);
  gate.resolve(undefined);
  const ends = await Promise.all([first, ending, newest].map((run) => fixture.runtime.rest(run)));
  expect(ends.map(({ status }) => status)).toEqual(['succeeded', 'cancelled', 'succeeded']);
  await fixture.close();
});

test('drop_oldest: on a full disk the start is refused, and nothing else happens', async () => {
  const warnings: string[] = [];
  const gate = Promise.withResolvers<undefined>();
  let isFull = false;
  const onAppend: AppendFault = async (_, append) => {
    if (isFull) throw new VltairError('unavailable/disk_full');
    return await append();
  };
  const fixture = await RunFixture.open({
    agents: { agent: async () => (await gate.promise, {}) },
    concurrency: 1,
    queue: { limit: 1, policy: 'drop_oldest' },
    faulty: (store) => new FaultyStore(store, onAppend),
    onWarning: (warning) => warnings.push(warning),
  });
  await fixture.start(one);
  await until(() => fixture.runtime.metrics().busy === 1);
  await fixture.start(one);
  isFull = true;
  await expect(fixture.start(one)).rejects.toMatchObject({ reason: 'unavailable/disk_full' });
  isFull = false;
  expect(await fixture.store.runs({})).toHaveLength(2);
  expect(warnings).toEqual([expect.stringContaining('has lost its place in the queue')]);
  gate.resolve(undefined);
  await fixture.close();
});

test('starts that come together are all taken while workers are free', async () => {
  const fixture = await RunFixture.open({ agents: { agent: () => ({}) }, concurrency: 4, queue: { limit: 1 } });
  const states = await Promise.all([1, 2, 3, 4, 5].map(() => fixture.run(one)));
  expect(states.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'succeeded'));
  await fixture.close();
});

test('steps, retries and how long steps take are counted', async () => {
  verifies('OC-6');
  let calls = 0;
  const agent: Behaviour = () => {
    calls += 1;
    if (calls < 3) throw new VltairError('transient/agent');
    return {};
  };
  const fixture = await RunFixture.open({ agents: { agent }, clock: new RushingClock() });
  await fixture.run(one);
  await until(() => fixture.runtime.metrics().busy === 0);
  expect(fixture.runtime.metrics()).toMatchObject({ queued: 0, started: 3, retries: 2, steps: { count: 3 } });
  await fixture.close();
});

test('draining lets what is in flight land, answers for it, and begins nothing more', async () => {
  const warnings: string[] = [];
  const { fixture, first, letGo } = await aBusyWorker({}, (warning) => warnings.push(warning));
  const [second, third] = [await fixture.start(one), await fixture.start(one)];
  const drained = fixture.runtime.drain(5_000);
  await expect(fixture.start(one)).rejects.toMatchObject({ reason: 'unavailable/shutting_down' });
  await fixture.store.send({ id: 'c', run: second, command: { type: 'cancel', by: 'ada', reason: 'x' }, ts: 1 });
  const start = { workflow: jsonObjectSchema.parse(workflowSchema.parse(one)), input: {}, title: 't', traceId: 't' };
  await fixture.store.send({ id: 's', run: 'new', command: { type: 'start', joins: false, request: start }, ts: 2 });
  await until(() => warnings.length === 1);
  expect((await fixture.runtime.rest(second)).status).toBe('cancelled');
  letGo();
  await drained;
  expect((await fixture.runtime.rest(first)).status).toBe('succeeded');
  expect((await fixture.store.run(third))?.status).toBe('running');
  expect(
    (await fixture.store.inbox()).map(({ id }) => id),
    'for the next owner',
  ).toEqual(['s']);
  await fixture.close();
});

test('draining waits no longer than its grace', async () => {
  const { fixture, letGo } = await aBusyWorker({});
  const began = performance.now();
  await fixture.runtime.drain(50);
  expect(performance.now() - began).toBeLessThan(2_000);
  letGo();
  await fixture.close();
});

test('attempts of higher priority begin first', async () => {
  const order: string[] = [];
  const gate = Promise.withResolvers<undefined>();
  const agents = {
    first: async () => (await gate.promise, {}),
    agent: (_: unknown, { run }: { readonly run: string }) => (order.push(run), {}),
  };
  const fixture = await RunFixture.open({ agents, concurrency: 1 });
  await fixture.start({ name: 'first', nodes: [{ id: 'a', agent: 'first' }] });
  const usual = await fixture.start(one);
  const urgent = await fixture.start({ ...one, priority: 10 });
  gate.resolve(undefined);
  await Promise.all([usual, urgent].map((run) => fixture.runtime.rest(run)));
  expect(order).toEqual([urgent, usual]);
  await fixture.close();
});

test('attempts that share a concurrency key are in flight one at a time, over all runs', async () => {
  let [inFlight, most] = [0, 0];
  const agent: Behaviour = async (_, { signal }) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await sleep(20, undefined, { signal });
    inFlight -= 1;
    return {};
  };
  const fixture = await RunFixture.open({ agents: { agent }, concurrency: 8 });
  const keyed = { name: 'deploy', nodes: [{ id: 'a', agent: 'agent', concurrencyKey: 'deploy {{input.to}}' }] };
  const same = [1, 2, 3].map(() => fixture.run(keyed, { input: { to: 'production' } }));
  expect((await Promise.all(same)).map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(most).toBe(1);
  await Promise.all(['a', 'b', 'c'].map((to) => fixture.run(keyed, { input: { to } })));
  expect(most).toBeGreaterThan(1);
  await fixture.close();
});
