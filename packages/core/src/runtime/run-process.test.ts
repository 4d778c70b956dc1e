import { setImmediate as nextTurn } from 'node:timers/promises';
import { VltairError, type RunEvent } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { FaultyStore, type AppendFault } from '../../test/faulty-store.ts';
import { RunFixture, type Behaviour } from '../../test/run-fixture.ts';
import { StepClock } from '../../test/step-clock.ts';
import { until } from '../../test/until.ts';
import type { AgentContext, EventStore, WorkspacePort } from '../index.ts';

/** Waits until its signal is aborted, then fails with the reason. */
async function untilAborted({ signal }: AgentContext): Promise<never> {
  return await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new VltairError('cancelled/run')), { once: true });
  });
}

const cancel = { type: 'cancel', by: 'ada', reason: 'enough' } as const;

test('P1: of two results, one is applied and recorded before the other is begun', async () => {
  const acts: string[] = [];
  const gate = Promise.withResolvers<undefined>();
  const workspace: WorkspacePort = {
    apply: async (tree, change) => {
      acts.push(`begin ${tree}`);
      if (acts.length === 1) await gate.promise;
      acts.push('end');
      return { kind: 'applied', tree: `${tree}+${change.path}` };
    },
  };
  const returned = new Set<string>();
  const writer: Behaviour = (_, { node }) => {
    returned.add(node);
    return { change: { path: node, content: '' } };
  };
  const fixture = await RunFixture.open({ agents: { writer }, workspace });
  const nodes = ['a', 'b', 'c'].map((id) => ({ id, agent: 'writer' }));
  const run = await fixture.start({ name: 'writers', nodes }, { tree: 'tree' });
  await until(() => acts.length === 1 && returned.size === 3);
  gate.resolve(undefined);
  const state = await fixture.runtime.rest(run);
  expect(acts).toEqual(['begin tree', 'end', 'begin tree+a', 'end', 'begin tree+a+b', 'end']);
  expect(state.tree).toBe('tree+a+b+c');
  await fixture.close();
});

test.each([
  ['is refused by the workspace', 'tree', 'forbidden/protected_path'],
  ['has no workspace', undefined, 'invalid_argument/agent_output'],
])('a change that %s fails the attempt', async (_, tree, reason) => {
  const failure = { code: 'forbidden', reason: 'forbidden/protected_path', message: 'no', retryable: false } as const;
  const fixture = await RunFixture.open({
    agents: { writer: () => ({ change: { path: 'x', content: '' } }) },
    workspace: { apply: () => Promise.resolve({ kind: 'refused', failure }) },
  });
  const nodes = [{ id: 'a', agent: 'writer' }];
  const state = await fixture.run({ name: 'writer', nodes }, tree === undefined ? {} : { tree });
  expect(state.failure?.reason).toBe(reason);
  await fixture.close();
});

test('a workspace that fails gives the run up with its reason, and the run can be resumed', async () => {
  let fails = true;
  const fixture = await RunFixture.open({
    agents: { writer: () => ({ change: { path: 'x', content: '' } }) },
    workspace: {
      apply: () =>
        fails
          ? Promise.reject(new VltairError('unavailable/disk_full'))
          : Promise.resolve({ kind: 'applied', tree: 'after' }),
    },
  });
  const run = await fixture.start({ name: 'writer', nodes: [{ id: 'a', agent: 'writer' }] }, { tree: 'before' });
  await expect(fixture.runtime.rest(run)).rejects.toMatchObject({ reason: 'unavailable/disk_full' });
  fails = false;
  await fixture.runtime.resume(run);
  expect((await fixture.runtime.rest(run)).tree).toBe('after');
  await fixture.close();
});

test.each([
  ['nothing', undefined],
  ['no envelope', { type: 'Nonsense' }],
  ['an error that is none', { type: 'AgentError', error: 'x' }],
])('an agent that returns %s fails its attempt, and the log stays readable', async (_, value) => {
  const fixture = await RunFixture.open({ agents: { agent: () => ({}) }, reply: () => Promise.resolve(value) });
  const state = await fixture.run({ name: 'one', nodes: [{ id: 'a', agent: 'agent' }] });
  expect(state.failure?.reason).toBe('invalid_argument/agent_output');
  await fixture.close();
});

test('an invoker that throws at once fails the attempt', async () => {
  const fixture = await RunFixture.open({
    agents: { agent: () => ({}) },
    reply: () => {
      throw new VltairError('not_found/agent');
    },
  });
  const state = await fixture.run({ name: 'one', nodes: [{ id: 'a', agent: 'agent' }] });
  expect(state.failure?.reason).toBe('not_found/agent');
  await fixture.close();
});

test('an agent that ignores its abort is left behind after the grace, and its late result changes nothing', async () => {
  const clock = new StepClock();
  const started = Promise.withResolvers<undefined>();
  const late = Promise.withResolvers<object>();
  const stubborn: Behaviour = () => {
    started.resolve(undefined);
    return late.promise;
  };
  const fixture = await RunFixture.open({ agents: { stubborn }, clock });
  const run = await fixture.start({ name: 'one', nodes: [{ id: 'a', agent: 'stubborn' }] });
  await started.promise;
  await fixture.runtime.command(run, cancel);
  clock.advance(9_999);
  await fixture.runtime.resume(run); // whatever was under way is durable
  expect((await fixture.types(run)).at(-1)).toBe('attempt.stopping');
  clock.advance(1);
  expect((await fixture.runtime.rest(run)).status).toBe('cancelled');
  const { length } = await fixture.events(run);
  late.resolve({});
  await fixture.runtime.resume(run);
  expect(await fixture.events(run)).toHaveLength(length);
  await fixture.close();
});

test('the deadline of a node is final: its agent is called once', async () => {
  const clock = new StepClock();
  let calls = 0;
  const started = Promise.withResolvers<undefined>();
  const slow: Behaviour = async (_, context) => {
    calls += 1;
    started.resolve(undefined);
    return await untilAborted(context);
  };
  const fixture = await RunFixture.open({ agents: { slow }, clock });
  const nodes = [{ id: 'a', agent: 'slow', timeout: '5s', maxAttempts: 5 }];
  const run = await fixture.start({ name: 'one', nodes });
  await started.promise;
  clock.advance(5_000);
  const state = await fixture.runtime.rest(run);
  expect(state.failure?.reason).toBe('deadline_exceeded/node');
  expect(calls).toBe(1);
  await fixture.close();
});

/** Always fails for a moment; notes when it was called. */
function aFlakyOne(clock: StepClock, calls: number[]): Behaviour {
  return () => {
    calls.push(clock.monotonic());
    throw new VltairError('transient/agent');
  };
}

test('what may be tried again waits 1 and 2 s', async () => {
  const clock = new StepClock();
  const calls: number[] = [];
  const fixture = await RunFixture.open({ agents: { flaky: aFlakyOne(clock, calls) }, clock });
  const run = await fixture.start({ name: 'one', nodes: [{ id: 'a', agent: 'flaky', maxAttempts: 3 }] });
  for (const wait of [1_000, 2_000]) {
    const { length } = calls;
    await until(() => fixture.runtime.metrics().queued === 1);
    clock.advance(wait - 1);
    expect(calls).toHaveLength(length);
    clock.advance(1);
    await until(() => calls.length === length + 1);
  }
  expect((await fixture.runtime.rest(run)).failure?.reason).toBe('transient/agent');
  expect(calls).toEqual([0, 1_000, 3_000]);
  await fixture.close();
});

test('a cancel ends a run that backs off at once', async () => {
  const clock = new StepClock();
  const calls: number[] = [];
  const fixture = await RunFixture.open({ agents: { flaky: aFlakyOne(clock, calls) }, clock });
  const run = await fixture.start({ name: 'one', nodes: [{ id: 'a', agent: 'flaky' }] });
  await until(() => fixture.runtime.metrics().queued === 1);
  await fixture.runtime.command(run, cancel);
  expect((await fixture.runtime.rest(run)).status).toBe('cancelled');
  clock.advance(60_000);
  expect(calls).toEqual([0]);
  await fixture.close();
});

test('a cancel that races the end of a run takes effect or is refused, never both', async () => {
  const fixture = await RunFixture.open({ agents: { quick: () => ({}) }, commitOn: 'caller' });
  const seen = new Set<string>();
  for (let turn = 0; turn < 20; turn += 1) {
    const run = await fixture.start({ name: 'race', nodes: [{ id: 'a', agent: 'quick' }] });
    for (let wait = 0; wait < turn; wait += 1) await Promise.resolve();
    const answer = await fixture.runtime.command(run, cancel).then(
      () => 'taken',
      (error: unknown) => (error instanceof VltairError ? error.reason : 'unexpected'),
    );
    const { status } = await fixture.runtime.rest(run);
    expect(['taken cancelled', 'invalid_argument/run_ended succeeded']).toContain(`${answer} ${status}`);
    seen.add(status);
  }
  expect(seen.size).toBeGreaterThan(0);
  await fixture.close();
});

test('no timer of a run is left when it has ended', async () => {
  const clock = new StepClock();
  const started = Promise.withResolvers<undefined>();
  const agent: Behaviour = async (_, context) => {
    started.resolve(undefined);
    return await untilAborted(context);
  };
  const fixture = await RunFixture.open({ agents: { agent }, clock });
  const idle = clock.waiting;
  const nodes = [{ id: 'a', agent: 'agent', timeout: '1h' }];
  const run = await fixture.start({ name: 'one', nodes, timeout: '2h' });
  await started.promise;
  expect(clock.waiting).toBe(idle + 2);
  await fixture.runtime.command(run, cancel);
  await fixture.runtime.rest(run);
  await until(() => clock.waiting === idle);
  await fixture.close();
});

test('a cancel that comes while a result is being applied waits for it, no longer than the grace', async () => {
  const clock = new StepClock();
  const applying = Promise.withResolvers<undefined>();
  const fixture = await RunFixture.open({
    agents: { writer: () => ({ change: { path: 'x', content: '' } }) },
    clock,
    workspace: { apply: () => (applying.resolve(undefined), new Promise(() => {})) },
  });
  const run = await fixture.start({ name: 'writer', nodes: [{ id: 'a', agent: 'writer' }] }, { tree: 'before' });
  await applying.promise;
  await fixture.runtime.command(run, cancel);
  expect((await fixture.types(run)).at(-1)).toBe('attempt.stopping');
  clock.advance(10_000);
  expect((await fixture.runtime.rest(run)).status).toBe('cancelled');
  await fixture.close();
});

const spec = { name: 'call', arguments: null, summary: 'call', policy: 'once', clocks: { total: 60_000 } } as const;

/** A faulty store for a fixture. */
function withFault(fault: AppendFault): { readonly faulty: (store: EventStore) => EventStore } {
  return { faulty: (store) => new FaultyStore(store, fault) };
}

describe('a step is one append', () => {
  test('five steps with a call each are begun by one append, and each is ended by one that begins the next', async () => {
    const appends: (readonly string[])[] = [];
    const fixture = await RunFixture.open({
      agents: {
        caller: async (_, context) => {
          await context.effect(spec, () => Promise.resolve(1));
          return {};
        },
      },
      ...withFault(({ events }, append) => (appends.push(events.map(({ payload }) => payload.type)), append())),
    });
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const nodes = ids.map((id, index) => ({ id, agent: 'caller', needs: ids.slice(Math.max(0, index - 1), index) }));
    expect((await fixture.run({ name: 'five', nodes })).status).toBe('succeeded');
    const ended = ['effect.recorded', 'attempt.completed', 'node.succeeded'];
    expect(appends).toEqual([
      ['run.created', 'attempt.scheduled', 'effect.intended'],
      ...Array.from({ length: 4 }, () => [...ended, 'attempt.scheduled', 'effect.intended']),
      [...ended, 'run.succeeded'],
    ]);
    await fixture.close();
  });

  test('an agent that only reads lets the event loop turn', async () => {
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    const fixture = await RunFixture.open({
      agents: {
        reader: async (_, context) => {
          turn();
          for (let time = 0; time < 1_000; time += 1) await context.now('now');
          isOver = true;
          return {};
        },
      },
    });
    expect((await fixture.run({ name: 'one', nodes: [{ id: 'a', agent: 'reader' }] })).status).toBe('succeeded');
    expect(turns).toBeGreaterThan(4);
    await fixture.close();
  });
});

describe('P4: nothing outside the run works ahead of its log', () => {
  const parent = {
    name: 'parent',
    nodes: [
      { id: 'first', agent: 'agent' },
      { id: 'below', subrun: { workflow: 'child' }, needs: ['first'] },
    ],
    workflows: { child: { nodes: [{ id: 'a', agent: 'agent' }] } },
  };

  test('of what was only accepted when the append failed, no observer, waiter or child has heard', async () => {
    const seen: string[] = [];
    const full = new VltairError('unavailable/store_full');
    const fixture = await RunFixture.open({
      agents: {
        agent: async (_, context) => {
          await context.effect(spec, () => Promise.resolve(1));
          context.progress({ message: 'lost' });
          return {};
        },
      },
      ...withFault(async ({ events }, append) => {
        if (events.every(({ payload }) => payload.type !== 'node.suspended')) return await append();
        throw full;
      }),
    });
    const committed = (events: readonly RunEvent[]): void =>
      void seen.push(...events.map(({ payload }) => payload.type));
    fixture.runtime.observe({ committed, progress: (_run, _ref, { message }) => seen.push(message) });
    const run = await fixture.start(parent);
    await expect(fixture.runtime.rest(run)).rejects.toBe(full);
    expect(seen).toEqual(['run.created', 'attempt.scheduled', 'effect.intended']);
    expect((await fixture.store.runs({})).map((row) => row.run)).toEqual([run]);
    await fixture.close();
  });

  test('a child begins when what calls for it is durable', async () => {
    const gate = Promise.withResolvers<undefined>();
    const asked = Promise.withResolvers<undefined>();
    const begun: string[] = [];
    const fixture = await RunFixture.open({
      agents: { agent: () => ({}) },
      ...withFault(async ({ run, events }, append) => {
        if (events.some(({ payload }) => payload.type === 'run.created')) begun.push(run);
        if (events.some(({ payload }) => payload.type === 'node.suspended')) {
          asked.resolve(undefined);
          await gate.promise;
        }
        return await append();
      }),
    });
    const starting = fixture.start(parent);
    await asked.promise;
    await nextTurn();
    expect(begun).toHaveLength(1);
    gate.resolve(undefined);
    const run = await starting;
    expect((await fixture.runtime.rest(run)).status).toBe('succeeded');
    expect(begun).toEqual([run, `${run}.1`]);
    await fixture.close();
  });
});

test('what was accepted is durable when the process has closed, and when it has drained', async () => {
  for (const ends of ['close', 'drain'] as const) {
    const gate = Promise.withResolvers<undefined>();
    const asked = Promise.withResolvers<undefined>();
    const fixture = await RunFixture.open({
      agents: {
        caller: async (_, context) => {
          await context.effect(spec, () => Promise.resolve(1));
          return {};
        },
      },
      ...withFault(async ({ events }, append) => {
        if (events.some(({ payload }) => payload.type === 'effect.recorded')) {
          asked.resolve(undefined);
          await gate.promise;
        }
        return await append();
      }),
    });
    const run = await fixture.start({ name: 'one', nodes: [{ id: 'a', agent: 'caller' }] });
    await asked.promise;
    const ending = fixture.runtime[ends](5_000);
    await nextTurn();
    gate.resolve(undefined);
    await ending;
    expect((await fixture.store.run(run))?.status).toBe('succeeded');
    await fixture.close();
  }
});
