import { canonicalJson, VltairError, type JsonObject, type WorkflowInput } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { aWorkflow, RunStory } from '../../test/builders.ts';
import { FaultyStore } from '../../test/faulty-store.ts';
import { openReplayedStore } from '../../test/replayed-store.ts';
import { RunFixture, type Behaviour } from '../../test/run-fixture.ts';
import { StepClock } from '../../test/step-clock.ts';
import { until } from '../../test/until.ts';
import { STATE_SCHEMA } from '../machine/run-state.ts';
import { loadState, projectionOf, Runtime, systemClock, type EffectSpec, type RunObserver } from '../index.ts';

const one: WorkflowInput = { name: 'one', nodes: [{ id: 'a', agent: 'agent' }] };
const spec: EffectSpec = {
  name: 'call',
  arguments: null,
  summary: 'call',
  policy: 'repeatable',
  clocks: { total: 5_000 },
};
const cancel = { type: 'cancel', by: 'ada', reason: 'enough' } as const;

/** The log that a later version would have written, with a behaviour that this one does not know. */
async function aNewerRun({ store }: RunFixture): Promise<string> {
  const { run, events, state } = new RunStory(aWorkflow([{ id: 'a' }]), {}, undefined, { flags: [1, 900] });
  if (store.ownership.kind !== 'writer') throw new Error('the store is not ours');
  const { epoch } = store.ownership;
  await store.append({ run, tenant: 'default', expectedSeq: 0, epoch, events, row: projectionOf(state) });
  return run;
}

/** An agent that works until it is aborted, and tells when it has begun. */
function aWaiter(): { readonly agent: Behaviour; readonly begun: Promise<unknown>; readonly ended: () => boolean } {
  const begun = Promise.withResolvers<undefined>();
  let ended = false;
  const agent: Behaviour = async (_, { signal }) => {
    begun.resolve(undefined);
    return await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => ((ended = true), reject(new VltairError('cancelled/run'))), {
        once: true,
      });
    });
  };
  return { agent, begun: begun.promise, ended: () => ended };
}

describe('order', () => {
  test('with one worker, the runs A, B, C work in that order, also when their times fall together', async () => {
    const order: string[] = [];
    const fixture = await RunFixture.open({
      agents: { agent: (_, { run }) => (order.push(run), {}) },
      concurrency: 1,
      clock: new StepClock(),
    });
    const runs = await Promise.all(['a', 'b', 'c'].map(() => fixture.start(one)));
    await Promise.all(runs.map((run) => fixture.runtime.rest(run)));
    expect(order).toEqual(runs);
    expect(fixture.runtime.metrics()).toMatchObject({ queued: 0, workers: 1, stopped: false });
    await fixture.close();
  });

  test('nodes run in the order of their needs', async () => {
    const order: string[] = [];
    const fixture = await RunFixture.open({ agents: { agent: (_, { node }) => (order.push(node), {}) } });
    const nodes = [
      { id: 'c', agent: 'agent', needs: ['b'] },
      { id: 'a', agent: 'agent' },
      { id: 'b', agent: 'agent', needs: ['a'] },
    ];
    expect((await fixture.run({ name: 'chain', nodes })).status).toBe('succeeded');
    expect(order).toEqual(['a', 'b', 'c']);
    await fixture.close();
  });

  test('two runs work at once', async () => {
    const both = Promise.withResolvers<undefined>();
    let begun = 0;
    const agent: Behaviour = async () => {
      begun += 1;
      if (begun === 2) both.resolve(undefined);
      await both.promise;
      return {};
    };
    const fixture = await RunFixture.open({ agents: { agent } });
    const states = await Promise.all([fixture.run(one), fixture.run(one)]);
    expect(states.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    await fixture.close();
  });
});

describe('starting and resuming', () => {
  test('what cannot run is refused and leaves nothing behind', async () => {
    const fixture = await RunFixture.open({ agents: { agent: () => ({}) } });
    const unknown = fixture.start({ name: 'unknown', nodes: [{ id: 'a', agent: 'nobody' }] });
    await expect(unknown).rejects.toMatchObject({ reason: 'invalid_argument/unknown_agent' });
    const circle = { name: 'circle', nodes: [{ id: 'a', agent: 'agent', needs: ['a'] }] };
    await expect(fixture.start(circle)).rejects.toBeInstanceOf(VltairError);
    expect(await fixture.store.runs({})).toEqual([]);
    for (const ask of ['resume', 'rest'] as const) {
      await expect(fixture.runtime[ask]('nobody')).rejects.toMatchObject({ reason: 'not_found/run' });
    }
    await fixture.close();
  });

  test('a run is not taken over by agents of another version, but can be cancelled by them', async () => {
    const { agent, begun } = aWaiter();
    const before = await RunFixture.open({ agents: { agent }, digests: { agent: 'one' } });
    const run = await before.start(one);
    await begun;
    await before.crash();
    const after = await RunFixture.open({ agents: { agent }, digests: { agent: 'two' }, directory: before.directory });
    await expect(after.runtime.resume(run)).rejects.toMatchObject({
      reason: 'unavailable/other_version',
      where: run,
      message: expect.stringContaining('agent is pinned to one, here it is two') as string,
    });
    expect((await after.store.run(run))?.status).toBe('running');
    await after.runtime.command(run, { type: 'cancel', by: 'ada', reason: 'old' });
    expect((await after.runtime.rest(run)).status).toBe('cancelled');
    await after.close();
  });

  test('a run of a version whose behaviour is not known here is left alone: neither taken up nor cancelled', async () => {
    const fixture = await RunFixture.open({ agents: { agent: () => ({}) } });
    const run = await aNewerRun(fixture);
    const refusal = { reason: 'unavailable/newer_run', where: run };
    await expect(fixture.runtime.resume(run)).rejects.toMatchObject(refusal);
    const cancelled = fixture.runtime.command(run, cancel);
    await expect(cancelled).rejects.toMatchObject({
      ...refusal,
      message: expect.stringContaining('flag 900') as string,
    });
    const applied = { by: 'ann', directory: '/', treeBefore: 'a', treeAfter: 'b', files: [] };
    await expect(fixture.runtime.recordApplied(run, applied)).rejects.toMatchObject(refusal);
    expect(await fixture.types(run)).toEqual(['run.created', 'attempt.scheduled']);
    await fixture.close();
  });

  test('a run goes on beside other versions of agents that it needs no more; a failed one that would need them is not tried again', async () => {
    const agents = { done: () => ({}), agent: () => ({}), broken: () => Promise.reject(new Error('no')) };
    const before = await RunFixture.open({ agents, digests: { done: 'one', agent: 'one', broken: 'one' } });
    const asked = { id: 'b', approval: { message: 'on?' }, needs: ['a'] };
    const rest = { id: 'c', agent: 'agent', needs: ['b'] };
    const run = await before.run({ name: 'waits', nodes: [{ id: 'a', agent: 'done' }, asked, rest] });
    const failed = await before.run({ name: 'fails', nodes: [{ id: 'a', agent: 'broken', maxAttempts: 1 }] });
    await before.crash();
    const digests = { done: 'two', agent: 'one', broken: 'two' };
    const after = await RunFixture.open({ agents, digests, directory: before.directory });
    const retry = after.runtime.command(failed.run, { type: 'retry', by: 'ada' });
    await expect(retry).rejects.toMatchObject({ reason: 'unavailable/other_version', where: failed.run });
    await after.runtime.command(run.run, { type: 'approve', by: 'ada', approval: 'b' });
    await until(async () => (await after.store.run(run.run))?.status === 'succeeded');
    await after.close();
  });

  test('R1: resumed by several at once, a run is claimed once', async () => {
    const { agent, begun } = aWaiter();
    const before = await RunFixture.open({ agents: { agent } });
    const run = await before.start(one);
    await begun;
    await before.crash();
    const after = await RunFixture.open({ agents: { agent }, directory: before.directory });
    const resume = (): Promise<unknown> => after.runtime.resume(run);
    await Promise.all([resume(), resume(), after.runtime.command(run, cancel), resume()]);
    await after.runtime.rest(run);
    expect((await after.types(run)).filter((type) => type === 'run.claimed')).toHaveLength(1);
    await after.close();
  });

  test('R2: a long run goes on from a snapshot', async () => {
    const agent: Behaviour = async (_, context) => {
      for (let call = 0; call < 270; call += 1) await context.effect(spec, () => Promise.resolve(call));
      if (context.incarnation === 1) await new Promise(() => {});
      return {};
    };
    const before = await RunFixture.open({ agents: { agent }, commitOn: 'caller' });
    const run = await before.start(one);
    await until(async () => (await before.store.head(run))?.seq === 542);
    expect((await before.store.loadSnapshot(run, STATE_SCHEMA))?.seq).toBeGreaterThanOrEqual(500);
    await before.crash();
    const after = await RunFixture.open({ agents: { agent }, directory: before.directory, commitOn: 'caller' });
    await after.runtime.resume(run);
    expect((await after.runtime.rest(run)).status).toBe('succeeded');
    expect((await after.types(run)).filter((type) => type === 'effect.reused')).toHaveLength(270);
    await after.close();
  });

  test.each([
    ['misses a member', ({ budget: _, ...state }: JsonObject): JsonObject => state],
    ['has a member too many', (state: JsonObject): JsonObject => ({ ...state, colour: 'red' })],
    ['has a member of another kind', (state: JsonObject): JsonObject => ({ ...state, nodes: { a: 'scheduled' } })],
    ['is of another moment', (state: JsonObject): JsonObject => ({ ...state, seq: 1 })],
  ])('R2: a snapshot under a good MAC whose state %s is ignored with a warning', async (_, damage) => {
    const agent: Behaviour = async (__, context) => {
      if (context.incarnation === 1) await new Promise(() => {});
      return {};
    };
    const before = await RunFixture.open({ agents: { agent }, commitOn: 'caller' });
    const run = await before.start(one);
    const state = await loadState(before.store, run, (warning) => expect.fail(warning));
    const head = await before.store.head(run);
    if (state === undefined || head === undefined) throw new TypeError('the run is not there');
    const damaged = damage(JSON.parse(canonicalJson(state)) as JsonObject);
    await before.store.saveSnapshot({ run, seq: head.seq, hash: head.hash, schema: STATE_SCHEMA, state: damaged });
    await before.crash();
    const warnings: string[] = [];
    const onWarning = (warning: string): number => warnings.push(warning);
    const after = await RunFixture.open({ agents: { agent }, directory: before.directory, onWarning });
    await after.runtime.resume(run);
    expect((await after.runtime.rest(run)).status).toBe('succeeded');
    expect(warnings[0]).toContain('holds no state of it; the whole log is read instead');
    expect(new Set(warnings).size).toBe(1);
    await after.close();
  });

  test('that a change was applied is recorded also after the end of the run', async () => {
    const fixture = await RunFixture.open({ agents: { agent: () => ({}) } });
    const { run } = await fixture.run(one);
    const applied = { by: 'ann', directory: '/d', treeBefore: 'a', treeAfter: 'b', files: ['x'] };
    await Promise.all([fixture.runtime.recordApplied(run, applied), fixture.runtime.recordApplied(run, applied)]);
    expect((await fixture.types(run)).slice(-3)).toEqual(['run.succeeded', 'tree.applied', 'tree.applied']);
    await fixture.close();
  });

  test('of a run that somebody else left in the middle is recorded by its next owner', async () => {
    const { agent, begun } = aWaiter();
    const before = await RunFixture.open({ agents: { agent } });
    const run = await before.start({ name: 'one', nodes: [{ id: 'a', agent: 'agent' }] });
    await begun;
    await before.crash();
    const after = await RunFixture.open({ agents: { agent: () => ({}) }, directory: before.directory });
    await after.runtime.recordApplied(run, {
      by: 'ann',
      directory: '/project',
      treeBefore: 'a',
      treeAfter: 'b',
      files: [],
    });
    expect((await after.types(run))[2]).toBe('run.claimed');
    expect(await after.types(run)).toContain('tree.applied');
    await after.close();
  });
});

test('a child that another worker has begun meanwhile is taken up, not taken for refused', async () => {
  const { agent, begun } = aWaiter();
  const parent: WorkflowInput = {
    name: 'parent',
    nodes: [{ id: 'below', subrun: { workflow: 'child' } }],
    workflows: { child: { nodes: [{ id: 'a', agent: 'agent' }] } },
  };
  const before = await RunFixture.open({ agents: { agent } });
  const run = await before.start(parent);
  await begun;
  await before.crash();
  let looks = 0;
  const after = await RunFixture.open({
    agents: { agent: () => ({}) },
    directory: before.directory,
    faulty: (store) =>
      new FaultyStore(
        store,
        (_, append) => append(),
        (head) => ((looks += 1) === 1 ? Promise.resolve(undefined) : head()),
      ),
  });
  await after.runtime.resume(run);
  expect((await after.runtime.rest(run)).status).toBe('succeeded');
  expect((await after.store.run(`${run}.1`))?.status).toBe('succeeded');
  await after.close();
});

test('R1: a retry that comes as the run ends is worked on by one process alone', async () => {
  const gate = Promise.withResolvers<undefined>();
  const again = Promise.withResolvers<undefined>();
  const agent: Behaviour = async (_, { visit }) => {
    if (visit === 1) throw new VltairError('fatal/agent');
    again.resolve(undefined);
    await gate.promise;
    return {};
  };
  const isRetry = ({ payload }: { readonly payload: { readonly type: string } }): boolean =>
    payload.type === 'retry.requested';
  const fixture = await RunFixture.open({
    agents: { agent },
    faulty: (store) =>
      new FaultyStore(store, async (request, append) => {
        if (request.events.some(isRetry)) await new Promise((resolve) => setTimeout(resolve, 20));
        return await append();
      }),
  });
  fixture.runtime.observe({
    committed: (events, { run }) => {
      const hasFailed = events.some(({ payload }) => payload.type === 'run.failed');
      if (hasFailed) void fixture.runtime.command(run, { type: 'retry', by: 'ada' });
    },
    progress: () => {},
  });
  const run = await fixture.start(one);
  await again.promise;
  await fixture.runtime.resume(run);
  gate.resolve(undefined);
  expect((await fixture.runtime.rest(run)).status).toBe('succeeded');
  expect(await fixture.types(run)).not.toContain('run.claimed');
  await fixture.close();
});

describe('a store that fails in the middle', () => {
  test('gives the run up with the reason, aborts what is in flight, and another process goes on', async () => {
    const waiter = aWaiter();
    let full = false;
    const agents = {
      waiter: waiter.agent,
      caller: async (_: unknown, context: Parameters<Behaviour>[1]) => {
        await context.effect(spec, () => Promise.resolve((full = true)));
        return {};
      },
    };
    const faulty = (store: RunFixture['store']): FaultyStore =>
      new FaultyStore(store, (_, append) =>
        full ? Promise.reject(new VltairError('unavailable/store_full')) : append(),
      );
    const before = await RunFixture.open({ agents, faulty });
    const nodes = [
      { id: 'a', agent: 'waiter' },
      { id: 'b', agent: 'caller' },
    ];
    const run = await before.start({ name: 'full', nodes });
    await expect(before.runtime.rest(run)).rejects.toMatchObject({ reason: 'unavailable/store_full' });
    await until(waiter.ended);
    await expect(before.runtime.command(run, cancel)).rejects.toMatchObject({ reason: 'unavailable/store_full' });
    await before.crash();
    const quick: Behaviour = () => ({});
    const after = await RunFixture.open({ agents: { waiter: quick, caller: quick }, directory: before.directory });
    await after.runtime.resume(run);
    expect((await after.runtime.rest(run)).status).toBe('succeeded');
    await after.close();
  });

  test('a run that could not be started is not there', async () => {
    let full = true;
    const faulty = (store: RunFixture['store']): FaultyStore =>
      new FaultyStore(store, (_, append) =>
        full ? Promise.reject(new VltairError('unavailable/store_full')) : append(),
      );
    const fixture = await RunFixture.open({ agents: { agent: () => ({}) }, faulty });
    await expect(fixture.start(one)).rejects.toMatchObject({ reason: 'unavailable/store_full' });
    full = false;
    expect((await fixture.run(one)).status).toBe('succeeded');
    await fixture.close();
  });
});

describe('the inbox', () => {
  const send = (fixture: RunFixture, id: string, run: string, command: JsonObject): Promise<void> =>
    fixture.store.send({ id, run, command, ts: 1 });

  test('a command of another process reaches its run and is consumed by its event', async () => {
    const { agent, begun } = aWaiter();
    const fixture = await RunFixture.open({ agents: { agent } });
    const run = await fixture.start(one);
    await begun;
    await send(fixture, 'c1', run, cancel);
    expect((await fixture.runtime.rest(run)).status).toBe('cancelled');
    expect(await fixture.store.inbox()).toEqual([]);
    const request = (await fixture.events(run)).find(({ payload }) => payload.type === 'cancel.requested');
    expect(request?.payload).toMatchObject({ commandId: 'c1' });
    await fixture.close();
  });

  test('refused commands are discarded', async () => {
    const fixture = await RunFixture.open({ agents: { agent: () => ({}) } });
    const { run } = await fixture.run(one);
    await send(fixture, 'ended', run, cancel);
    await send(fixture, 'nobody', 'no-such-run', cancel);
    await send(fixture, 'nonsense', run, { type: 'dance' });
    await until(async () => (await fixture.store.inbox()).length === 0);
    expect((await fixture.types(run)).at(-1)).toBe('run.succeeded');
    await fixture.close();
  });

  test('a command that the store cannot take now stays, and is taken later', async () => {
    const { agent, begun } = aWaiter();
    let full = false;
    const warnings: string[] = [];
    const fixture = await RunFixture.open({
      agents: { agent },
      onWarning: (warning) => warnings.push(warning),
      faulty: (store) =>
        new FaultyStore(store, (_, append) =>
          full ? Promise.reject(new VltairError('unavailable/store_full')) : append(),
        ),
    });
    const run = await fixture.start(one);
    await begun;
    full = true;
    await send(fixture, 'c1', run, cancel);
    await until(() => warnings.length === 1);
    expect(warnings[0]).toContain('command c1 has to wait');
    expect(await fixture.store.inbox()).toHaveLength(1);
    full = false;
    await until(async () => (await fixture.store.run(run))?.status === 'cancelled');
    await fixture.close();
  });

  test('a second cancel of a run that was cancelled is refused and leaves the inbox', async () => {
    const { agent, begun } = aWaiter();
    const fixture = await RunFixture.open({ agents: { agent } });
    const run = await fixture.start(one);
    await begun;
    await fixture.runtime.command(run, cancel);
    await fixture.runtime.rest(run);
    await expect(fixture.runtime.command(run, cancel)).rejects.toMatchObject({ reason: 'invalid_argument/run_ended' });
    await send(fixture, 'again', run, cancel);
    await until(async () => (await fixture.store.inbox()).length === 0);
    await fixture.close();
  });

  test('a retry that the store could not take is taken when it is asked for again', async () => {
    let isFull = false;
    const fixture = await RunFixture.open({
      agents: { agent: (_, { visit }) => (visit === 1 ? Promise.reject(new VltairError('fatal/agent')) : {}) },
      faulty: (store) =>
        new FaultyStore(store, (_, append) =>
          isFull ? Promise.reject(new VltairError('unavailable/store_full')) : append(),
        ),
    });
    const { run } = await fixture.run(one);
    isFull = true;
    const retry = { type: 'retry', by: 'ada' } as const;
    await expect(fixture.runtime.command(run, retry)).rejects.toMatchObject({ reason: 'unavailable/store_full' });
    isFull = false;
    await fixture.runtime.command(run, retry);
    expect((await fixture.runtime.rest(run)).status).toBe('succeeded');
    await fixture.close();
  });

  test('that cannot be read now is read again later', async () => {
    const { agent, begun } = aWaiter();
    const warnings: string[] = [];
    const fixture = await RunFixture.open({
      agents: { agent },
      onWarning: (warning) => warnings.push(warning),
      faulty: (store) => new UnreadableAtFirst(store, (_, append) => append()),
    });
    const run = await fixture.start(one);
    await begun;
    await send(fixture, 'c1', run, cancel);
    expect((await fixture.runtime.rest(run)).status).toBe('cancelled');
    expect(warnings).toEqual([expect.stringContaining('the inbox has to wait')]);
    await fixture.close();
  });
});

/** Its inbox cannot be read the first two times. */
class UnreadableAtFirst extends FaultyStore {
  #reads = 0;

  override claim(...wish: Parameters<FaultyStore['claim']>): ReturnType<FaultyStore['claim']> {
    this.#reads += 1;
    return this.#reads < 3 ? Promise.reject(new VltairError('unavailable/store_failed')) : super.claim(...wish);
  }
}

describe('closing', () => {
  test('R3: ends what is in flight without recording an end, and every run can be resumed', async () => {
    const waiter = aWaiter();
    const flaky: Behaviour = () => {
      throw new VltairError('transient/agent');
    };
    const before = await RunFixture.open({ agents: { agent: waiter.agent, flaky } });
    const waiting = await before.start(one);
    const backingOff = await before.start({ name: 'flaky', nodes: [{ id: 'a', agent: 'flaky' }] });
    await waiter.begun;
    await until(() => before.runtime.metrics().queued === 1);
    const rest = before.runtime.rest(waiting);
    const started = performance.now();
    await before.runtime.close(5_000);
    expect(performance.now() - started, 'nothing is waited for that cannot come').toBeLessThan(1_000);
    await expect(rest).rejects.toMatchObject({ reason: 'unavailable/shutting_down' });
    expect(waiter.ended()).toBe(true);
    for (const ask of [before.start(one), before.runtime.command(waiting, cancel)]) {
      await expect(ask).rejects.toMatchObject({ reason: 'unavailable/shutting_down' });
    }
    await before.crash();
    const quick: Behaviour = () => ({});
    const after = await RunFixture.open({ agents: { agent: quick, flaky: quick }, directory: before.directory });
    for (const run of [waiting, backingOff]) {
      await after.runtime.resume(run);
      expect((await after.runtime.rest(run)).status).toBe('succeeded');
    }
    await after.close();
  });

  test('an agent that ignores its abort holds up a close no longer than the grace', async () => {
    const begun = Promise.withResolvers<undefined>();
    const agent: Behaviour = () => (begun.resolve(undefined), new Promise(() => {}));
    const fixture = await RunFixture.open({ agents: { agent } });
    await fixture.start(one);
    await begun.promise;
    const started = performance.now();
    await fixture.runtime.close(50);
    expect(performance.now() - started).toBeLessThan(2_000);
    await fixture.close();
  });
});

/** As another worker does that has opened the store later. */
async function takeOver({ store }: RunFixture, run: string): Promise<void> {
  const head = await store.head(run);
  const row = await store.run(run);
  if (head === undefined || row === undefined) throw new TypeError('the run is not there');
  const events = [{ ts: row.updatedTs, payload: { type: 'run.claimed', worker: 'second' } as const }];
  await store.append({ run, tenant: row.tenant, expectedSeq: head.seq, epoch: head.epoch + 1, events, row });
}

test('a second owner fences the first: it can write no more, and its effects are not sent', async () => {
  const proceed = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  let sent = false;
  const agent: Behaviour = async (_, context) => {
    begun.resolve(undefined);
    await proceed.promise;
    await context.effect(spec, () => Promise.resolve((sent = true)));
    return {};
  };
  const fixture = await RunFixture.open({ agents: { agent } });
  const run = await fixture.start(one);
  await begun.promise;
  await takeOver(fixture, run);
  proceed.resolve(undefined);
  await expect(fixture.runtime.rest(run)).rejects.toMatchObject({ reason: 'unavailable/fenced' });
  expect(sent).toBe(false);
  await expect(fixture.runtime.resume(run)).rejects.toMatchObject({ reason: 'unavailable/fenced' });
  expect((await fixture.types(run)).at(-1)).toBe('run.claimed');
  await fixture.close();
});

test('a runtime needs a store that it may write', async () => {
  const fixture = await RunFixture.open({ agents: {} });
  const store = await openReplayedStore({
    directory: fixture.directory,
    mode: 'read',
    now: () => 1,
    onWarning: () => {},
  });
  const invoker = { has: () => false, invoke: () => Promise.reject(new Error('nobody')) };
  const workspace = { apply: () => Promise.reject(new Error('none')) };
  const options = { worker: 'second', concurrency: 1, agents: {} };
  expect(() => new Runtime({ store, clock: systemClock, invoker, workspace }, options)).toThrow(VltairError);
  await store.close();
  await fixture.close();
});

test('observers see what is durable and what is in progress; one that throws is told nothing any more, the run goes on', async () => {
  const warnings: string[] = [];
  const seen: string[] = [];
  const fixture = await RunFixture.open({
    agents: {
      agent: async (_, context) => {
        context.progress({ message: 'half' });
        await until(() => seen.includes('a half'));
        return {};
      },
    },
    onWarning: (warning) => warnings.push(warning),
  });
  const observer: RunObserver = {
    committed: (events) => seen.push(...events.map(({ payload }) => payload.type)),
    progress: (_run, { node }, { message }) => seen.push(`${node} ${message}`),
  };
  let told = 0;
  const broken = (): never => {
    told += 1;
    throw new Error('broken observer');
  };
  fixture.runtime.observe({ committed: broken, progress: broken });
  const watching = fixture.runtime.observe(observer);
  expect((await fixture.run(one)).status).toBe('succeeded');
  expect(seen).toEqual([
    'run.created',
    'attempt.scheduled',
    'a half',
    'attempt.completed',
    'node.succeeded',
    'run.succeeded',
  ]);
  expect(told).toBe(1);
  expect(warnings).toEqual([expect.stringContaining('broken observer')]);
  watching.stop();
  await fixture.run(one);
  expect(seen).toHaveLength(6);
  await fixture.close();
});
