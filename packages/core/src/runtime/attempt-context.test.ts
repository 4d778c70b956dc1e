import { getEventListeners } from 'node:events';
import { BudgetExceeded, VltairError, type Json } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { FaultyStore } from '../../test/faulty-store.ts';
import { RunFixture, type Behaviour, type FixtureOptions } from '../../test/run-fixture.ts';
import { RushingClock, StepClock } from '../../test/step-clock.ts';
import { until } from '../../test/until.ts';
import type { AgentContext, EffectCall, EffectSpec, RunState } from '../index.ts';
import { AttemptContext, EffectFailed } from './attempt-context.ts';

const spec: EffectSpec = {
  name: 'call',
  arguments: { to: 'world' },
  summary: 'call the world',
  policy: 'repeatable',
  clocks: { total: 60_000 },
};

const never = (): Promise<never> => new Promise(() => {});

/** Runs a one-node workflow of the agent, to its rest, and gives what came of it. */
async function rested(
  agent: Behaviour,
  options: Omit<Partial<FixtureOptions>, 'agents'> & { readonly budget?: object; readonly maxAttempts?: number } = {},
): Promise<{ readonly state: RunState; readonly types: readonly string[] }> {
  const { budget = {}, maxAttempts = 3, ...rest } = options;
  const fixture = await RunFixture.open({ agents: { agent }, ...rest });
  const state = await fixture.run({ name: 'one', nodes: [{ id: 'a', agent: 'agent', maxAttempts }], budget });
  const types = await fixture.types(state.run);
  await fixture.close();
  return { state, types: types.filter((type) => type.startsWith('effect.') || type.startsWith('attempt.')) };
}

/** Runs the agent in one process, kills that when `kill` resolves, and rests it in a second one. */
async function restedAfterCrash(
  agent: Behaviour,
  kill: Promise<unknown>,
): Promise<{ fixture: RunFixture; state: RunState }> {
  const before = await RunFixture.open({ agents: { agent } });
  const run = await before.start({ name: 'one', nodes: [{ id: 'a', agent: 'agent' }] });
  await kill;
  await before.crash();
  const fixture = await RunFixture.open({ agents: { agent }, directory: before.directory });
  await fixture.runtime.resume(run);
  return { fixture, state: await fixture.runtime.rest(run) };
}

describe('E1: intended before, recorded after', () => {
  test('the intent, and all that led to it, is durable before the call', async () => {
    const seen: (readonly string[])[] = [];
    const fixture: RunFixture = await RunFixture.open({
      agents: {
        agent: async (_, context) => {
          const look = async (): Promise<null> => (seen.push((await fixture.types(context.run)).slice(2)), null);
          await context.effect(spec, look);
          await context.now('then');
          await context.effect(spec, look);
          return {};
        },
      },
    });
    await fixture.run({ name: 'one', nodes: [{ id: 'a', agent: 'agent' }] });
    expect(seen).toEqual([
      ['effect.intended'],
      ['effect.intended', 'effect.recorded', 'effect.recorded', 'effect.intended'],
    ]);
    await fixture.close();
  });

  test('a result is used while its record is on its way, and an append that fails then takes along what followed', async () => {
    const used = Promise.withResolvers<Json>();
    const calls: string[] = [];
    const full = new VltairError('unavailable/store_full');
    const isRecord = ({ payload }: { readonly payload: { readonly type: string } }): boolean =>
      payload.type === 'effect.recorded';
    const fixture = await RunFixture.open({
      agents: {
        agent: async (_, context) => {
          used.resolve(await context.effect(spec, () => Promise.resolve(calls.push('first'))));
          await context.effect({ ...spec, name: 'second' }, () => Promise.resolve(calls.push('second')));
          return {};
        },
      },
      faulty: (store) =>
        new FaultyStore(store, async ({ events }, append) => {
          if (!events.some(isRecord)) return await append();
          await used.promise;
          throw full;
        }),
    });
    const run = await fixture.start({ name: 'one', nodes: [{ id: 'a', agent: 'agent' }] });
    await expect(fixture.runtime.rest(run)).rejects.toBe(full);
    expect(calls).toEqual(['first']);
    expect((await fixture.types(run)).at(-1)).toBe('effect.intended');
    await fixture.close();
  });
});

describe('E2: an effect returns what was recorded', () => {
  test('what the agent does to a result does not reach the ledger', async () => {
    const seen: Json[] = [];
    await rested(
      async (_, context) => {
        const list = await context.effect(spec, () => Promise.resolve([1, 2]));
        seen.push([...list]);
        list.push(3);
        if (context.attempt === 1) throw new VltairError('transient/agent');
        return {};
      },
      { clock: new RushingClock() },
    );
    expect(seen).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  test('the first execution returns the same as the ledger does later', async () => {
    const seen: Json[] = [];
    await rested(
      async (_, context) => {
        const result = { lone: '\ud800', zero: -0, gone: undefined, when: [0] };
        seen.push(await context.effect<Json>(spec, () => Promise.resolve(result as unknown as Json)));
        if (context.attempt === 1) throw new VltairError('transient/agent');
        return {};
      },
      { clock: new RushingClock() },
    );
    expect(seen[0]).toStrictEqual({ lone: '\ufffd', zero: 0, when: [0] });
    expect(seen[1]).toStrictEqual(seen[0]);
  });

  test.each([
    ['nothing', undefined],
    ['a number that is none', Number.NaN],
    ['a function', () => 1],
  ])('a call that returns %s fails, and the log goes on', async (_, value) => {
    const { state, types } = await rested(async (_task, context) => {
      await context.effect<Json>(spec, () => Promise.resolve(value as unknown as Json));
      return {};
    });
    expect(state.failure?.reason).toBe('internal/unexpected');
    expect(types).toContain('effect.recorded');
  });

  test('a failure is thrown as it was recorded, the same to a later incarnation', async () => {
    const seen: unknown[] = [];
    const second = Promise.withResolvers<undefined>();
    const agent: Behaviour = async (_, context) => {
      const failing = context.effect(spec, () =>
        Promise.reject(new VltairError('not_found/file', { detail: 'x', where: 'y' })),
      );
      await failing.catch((error: unknown) => seen.push(error));
      if (context.incarnation === 1) {
        second.resolve(undefined);
        await never();
      }
      return {};
    };
    const { fixture } = await restedAfterCrash(agent, second.promise);
    expect(seen).toHaveLength(2);
    for (const error of seen) {
      expect(error).toBeInstanceOf(EffectFailed);
      expect(error).toMatchObject({ reason: 'not_found/file', message: 'There is no such file: x', where: 'y' });
    }
    await fixture.close();
  });
});

test('the words of a failure go into the log without secrets, and the agent sees what is recorded', async () => {
  verifies('V-10');
  const secret = `ghp_${'a1B2'.repeat(9)}`;
  const seen: unknown[] = [];
  const { state, types } = await rested(async (_, context) => {
    const call = context.effect(spec, () => Promise.reject(new Error(`no access with ${secret}`)));
    await call.catch((error: unknown) => seen.push(error));
    throw new VltairError('fatal/agent', { detail: secret, where: secret });
  });
  expect(types).toContain('effect.recorded');
  expect(seen).toMatchObject([{ message: expect.stringContaining('no access with <<REDACTED>>') }]);
  expect(state.failure).toMatchObject({ message: expect.stringContaining('<<REDACTED>>'), where: '<<REDACTED>>' });
  expect(JSON.stringify(state)).not.toContain(secret);
});

describe('keys', () => {
  test('concurrent effects of one name are refused, of different names run together', async () => {
    const { state } = await rested(async (_, context) => {
      const twice = await Promise.allSettled([
        context.effect({ ...spec, name: 'same' }, () => Promise.resolve(1)),
        context.effect({ ...spec, name: 'same' }, () => Promise.resolve(2)),
        context.effect({ ...spec, name: 'other' }, () => Promise.resolve(3)),
      ]);
      return {
        output: { results: twice.map((one) => (one.status === 'fulfilled' ? one.value : reasonOf(one.reason))) },
      };
    });
    expect(state.nodes['a']?.result?.output).toEqual({ results: [1, 'invalid_argument/effect_in_flight', 3] });
  });

  test('effects of one name one after the other are counted', async () => {
    const fixture = await RunFixture.open({
      agents: {
        agent: async (_, context) => {
          for (const value of [1, 2]) await context.effect(spec, () => Promise.resolve(value));
          await context.effect({ ...spec, name: 'other' }, () => Promise.resolve(3));
          return {};
        },
      },
    });
    const { run } = await fixture.run({ name: 'one', nodes: [{ id: 'a', agent: 'agent' }] });
    const keys = (await fixture.events(run)).flatMap(({ payload }) =>
      payload.type === 'effect.intended' ? [payload.key] : [],
    );
    expect(keys).toEqual(['a#1/call#1', 'a#1/call#2', 'a#1/other#1']);
    await fixture.close();
  });

  test.each([
    ['has no name', { name: '' }],
    ['reserves what is no amount', { reserve: { calls: -1 } }],
    ['has arguments that cannot be stored', { arguments: Number.NaN }],
  ])('an effect that %s fails without a trace in the log', async (_, wrong) => {
    const { state, types } = await rested(async (_task, context) => {
      await context.effect({ ...spec, ...wrong }, () => Promise.resolve(1));
      return {};
    });
    expect(state.failure?.reason).toBe('internal/unexpected');
    expect(types.filter((type) => type.startsWith('effect.'))).toEqual([]);
  });

  test('other arguments under the key of a recorded effect park the attempt', async () => {
    const recorded = Promise.withResolvers<undefined>();
    const agent: Behaviour = async (_, context) => {
      await context.effect({ ...spec, arguments: { incarnation: context.incarnation } }, () => Promise.resolve(1));
      recorded.resolve(undefined);
      return await never();
    };
    const { fixture, state } = await restedAfterCrash(agent, recorded.promise);
    expect(state.status).toBe('paused');
    expect(state.waitingFor).toEqual([{ kind: 'parked_effect', node: 'a', key: 'a#1/call#1' }]);
    expect((await fixture.types(state.run)).slice(-2)).toEqual(['attempt.diverged', 'run.paused']);
    await fixture.close();
  });
});

describe('retries', () => {
  test('another attempt is answered with successes, and runs failures again', async () => {
    const calls: string[] = [];
    const { types } = await rested(
      async (_, context) => {
        await context.effect({ ...spec, name: 'good' }, () => Promise.resolve(calls.push('good')));
        await context.effect({ ...spec, name: 'bad' }, async () => {
          calls.push('bad');
          if (context.attempt === 1) throw new VltairError('transient/agent');
          return null;
        });
        return {};
      },
      { clock: new RushingClock() },
    );
    expect(calls).toEqual(['good', 'bad', 'bad']);
    expect(types.filter((type) => type === 'effect.reused')).toHaveLength(1);
  });

  test('a call of the same effect has the same idempotency key in every incarnation', async () => {
    const keys: string[] = [];
    const called = Promise.withResolvers<undefined>();
    const agent: Behaviour = async (_, context) => {
      await context.effect({ ...spec, policy: 'keyed' }, async ({ idempotencyKey }) => {
        keys.push(idempotencyKey);
        called.resolve(undefined);
        return keys.length === 1 ? await never() : null;
      });
      return {};
    };
    const { fixture, state } = await restedAfterCrash(agent, called.promise);
    expect(keys).toEqual([`${state.run}/a#1/call#1`, `${state.run}/a#1/call#1`]);
    await fixture.close();
  });
});

describe('budgets', () => {
  test('a reservation that does not fit is refused before the call', async () => {
    let refusal: unknown;
    const { state, types } = await rested(
      async (_, context) => {
        await context.effect({ ...spec, name: 'first' }, () => Promise.resolve(1));
        await context
          .effect({ ...spec, name: 'second' }, () => expect.fail('the call was made'))
          .catch((error: unknown) => {
            refusal = error;
            throw error;
          });
        return {};
      },
      { budget: { calls: 1 } },
    );
    expect(refusal).toBeInstanceOf(BudgetExceeded);
    expect(refusal).toMatchObject({ dimension: 'calls', limit: 1, spent: 1, requested: 1 });
    expect(types).toContain('effect.refused');
    expect(state.failure?.reason).toBe('budget_exceeded/run');
  });

  test('what a call really took is spent, its time is measured', async () => {
    const clock = new StepClock();
    const { state } = await rested(
      async (_, context) => {
        await context.effect({ ...spec, reserve: { calls: 5, candidates: 8 } }, async (call) => {
          clock.advance(120);
          call.spend({ calls: 2 });
          return null;
        });
        return {};
      },
      { clock },
    );
    expect(state.budget).toMatchObject({
      reserved: { timeMs: 0, calls: 0, candidates: 0 },
      spent: { timeMs: 120, calls: 2, candidates: 8 },
    });
  });

  test('what is no amount cannot be spent: the call fails', async () => {
    const { state } = await rested(async (_, context) => {
      await context.effect(spec, async (call) => {
        call.spend({ calls: Number.NaN });
        return null;
      });
      return {};
    });
    expect(state.failure?.reason).toBe('internal/unexpected');
  });
});

describe('clocks', () => {
  const cases: readonly [string, EffectSpec['clocks'], (clock: StepClock, call: EffectCall) => void, string][] = [
    ['in all', { total: 100 }, (clock) => clock.advance(100), 'no end within 100 ms'],
    [
      'until the first frame',
      { total: 1_000, firstFrame: 50 },
      (clock) => clock.advance(50),
      'nothing arrived within 50 ms',
    ],
    [
      'between frames',
      { total: 1_000, firstFrame: 500, betweenFrames: 20 },
      (clock, call) => {
        for (let frame = 0; frame < 5; frame += 1) {
          call.frame();
          clock.advance(19);
        }
        clock.advance(1);
      },
      'nothing more arrived within 20 ms',
    ],
  ];
  test.each(cases)('a call is aborted by its clock %s', async (_, clocks, use, detail) => {
    const clock = new StepClock();
    const { state } = await rested(
      async (_task, context) => {
        await context.effect({ ...spec, clocks }, async (call) => {
          use(clock, call);
          call.signal.throwIfAborted();
          return null;
        });
        return {};
      },
      { clock, maxAttempts: 1 },
    );
    expect(state.failure?.reason).toBe('timeout/call');
    expect(state.failure?.message).toContain(detail);
  });

  test('a call whose frames arrive in time is not aborted, nor by a frame after its end', async () => {
    const clock = new StepClock();
    let late: EffectCall | undefined;
    let aborted: boolean | undefined;
    const { state } = await rested(
      async (_, context) => {
        await context.effect({ ...spec, clocks: { total: 1_000, firstFrame: 50 } }, async (call) => {
          late = call;
          clock.advance(49);
          call.frame();
          clock.advance(500);
          return null;
        });
        late?.frame();
        clock.advance(5_000);
        aborted = late?.signal.aborted;
        return {};
      },
      { clock },
    );
    expect(state.status).toBe('succeeded');
    expect(aborted).toBe(false);
  });

  test('a call that ignores its signal is given up, and its late end changes nothing', async () => {
    const clock = new StepClock();
    const called = Promise.withResolvers<undefined>();
    const late = Promise.withResolvers<number>();
    const fixture = await RunFixture.open({
      clock,
      agents: {
        agent: async (_, context) => {
          await context.effect({ ...spec, clocks: { total: 100 } }, () => {
            called.resolve(undefined);
            return late.promise;
          });
          return {};
        },
      },
    });
    const run = await fixture.start({ name: 'one', nodes: [{ id: 'a', agent: 'agent', maxAttempts: 1 }] });
    await called.promise;
    clock.advance(100 + 4_999);
    expect((await fixture.types(run)).at(-1)).toBe('effect.intended');
    clock.advance(1);
    expect((await fixture.runtime.rest(run)).failure?.reason).toBe('timeout/call');
    const { length } = await fixture.events(run);
    late.resolve(1);
    await fixture.runtime.resume(run);
    expect(await fixture.events(run)).toHaveLength(length);
    await fixture.close();
  });

  test('a call that can no longer be sent in time is not sent', async () => {
    const clock = new StepClock();
    const { state } = await rested(
      async (_, context) => {
        const sending = context.effect(spec, () => expect.fail('the call was made'));
        clock.advance(30_001); // the commit of the intent takes that long
        await sending;
        return {};
      },
      { clock, maxAttempts: 1 },
    );
    expect(state.failure?.reason).toBe('timeout/call');
    expect(state.failure?.message).toContain('sent too late');
  });

  test('neither timers nor listeners are left of a hundred calls', async () => {
    const clock = new StepClock();
    let left: number | undefined;
    await rested(
      async (_, context) => {
        const before = clock.waiting;
        for (let call = 0; call < 100; call += 1) {
          await context.effect(spec, async ({ signal }) => {
            expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
            return null;
          });
        }
        left = clock.waiting - before + getEventListeners(context.signal, 'abort').length;
        return {};
      },
      { clock, commitOn: 'caller' },
    );
    expect(left).toBe(0);
  });
});

describe('the time', () => {
  test('is recorded once: every incarnation and attempt reads the same', async () => {
    const read: number[] = [];
    const first = Promise.withResolvers<undefined>();
    const agent: Behaviour = async (_, context) => {
      read.push(await context.now('started'));
      if (read.length > 1) return {};
      first.resolve(undefined);
      return await never();
    };
    const { fixture, state } = await restedAfterCrash(agent, first.promise);
    expect(state.status).toBe('succeeded');
    expect(read[1]).toBe(read[0]);
    expect((await fixture.types(state.run)).filter((type) => type === 'effect.recorded')).toHaveLength(1);
    await fixture.close();
  });

  test('can be read when the budget is used up', async () => {
    const { state } = await rested(
      async (_, context) => {
        await context.effect(spec, () => Promise.resolve(1));
        return { output: { read: (await context.now('after')) > 0 } };
      },
      { budget: { calls: 1 } },
    );
    expect(state.nodes['a']?.result?.output).toEqual({ read: true });
  });

  test('under the key of another effect is a divergence, not the value of the other', async () => {
    const recorded = Promise.withResolvers<undefined>();
    const agent: Behaviour = async (_, context) => {
      if (context.incarnation === 2) return { output: { time: await context.now('call') } };
      await context.effect(spec, () => Promise.resolve('no time'));
      recorded.resolve(undefined);
      return await never();
    };
    const { fixture, state } = await restedAfterCrash(agent, recorded.promise);
    expect(state.status).toBe('paused');
    expect((await fixture.types(state.run)).slice(-2)).toEqual(['attempt.diverged', 'run.paused']);
    await fixture.close();
  });
});

describe('E3: a suspended attempt', () => {
  const key = 'a#1/pay#1';

  /** Pays once; beside it, a sibling call that ends when the test lets it. */
  function aPayer(
    begun: PromiseWithResolvers<undefined>,
    sibling: PromiseWithResolvers<number>,
    calls: string[],
  ): Behaviour {
    return async (_, context) => {
      const beside =
        context.incarnation === 1
          ? undefined
          : context.effect({ ...spec, name: 'sibling' }, async ({ signal }) => {
              calls.push('sibling');
              const value = await sibling.promise;
              signal.throwIfAborted();
              return value;
            });
      const pay = context.effect({ ...spec, name: 'pay', policy: 'once' }, async () => {
        calls.push('pay');
        begun.resolve(undefined);
        return calls.length === 1 ? await never() : 'paid';
      });
      await Promise.all([pay, beside]);
      return { output: { sibling: (await beside) ?? null } };
    };
  }

  test('lets its sibling calls end, which answer when a person has decided', async () => {
    const begun = Promise.withResolvers<undefined>();
    const sibling = Promise.withResolvers<number>();
    const calls: string[] = [];
    const { fixture, state } = await restedAfterCrash(aPayer(begun, sibling, calls), begun.promise);
    expect(state.status).toBe('paused');
    await until(() => calls.includes('sibling'));
    await fixture.runtime.command(state.run, { type: 'resolve', key, resolution: 'retry', by: 'ada' });
    sibling.resolve(7);
    const done = await fixture.runtime.rest(state.run);
    expect(done.nodes['a']?.result?.output).toEqual({ sibling: 7 });
    expect(calls.toSorted()).toEqual(['pay', 'pay', 'sibling']);
    await fixture.close();
  });

  test('fails when the person says so, and its effect does not run again', async () => {
    const begun = Promise.withResolvers<undefined>();
    let calls = 0;
    const agent: Behaviour = async (_, context) => {
      await context.effect({ ...spec, name: 'pay', policy: 'once' }, () => {
        calls += 1;
        begun.resolve(undefined);
        return never();
      });
      return {};
    };
    const { fixture, state } = await restedAfterCrash(agent, begun.promise);
    await fixture.runtime.command(state.run, { type: 'resolve', key, resolution: 'fail', by: 'ada' });
    expect((await fixture.runtime.rest(state.run)).failure?.reason).toBe('fatal/parked');
    expect(calls).toBe(1);
    await fixture.close();
  });

  test('counts for nothing when its agent returns all the same', async () => {
    const begun = Promise.withResolvers<undefined>();
    const sibling = Promise.withResolvers<number>();
    const returned = Promise.withResolvers<undefined>();
    const agent: Behaviour = async (_, context) => {
      if (context.incarnation === 1) {
        await context.effect({ ...spec, name: 'pay', policy: 'once' }, () => (begun.resolve(undefined), never()));
      }
      const beside = context.effect({ ...spec, name: 'sibling' }, () => sibling.promise);
      void context.effect({ ...spec, name: 'pay', policy: 'once' }, () => Promise.resolve('paid'));
      await until(() => context.incarnation === 3 || (context instanceof AttemptContext && context.isSuspended));
      returned.resolve(undefined);
      if (context.incarnation === 3) await beside;
      return { output: { incarnation: context.incarnation } };
    };
    const { fixture, state } = await restedAfterCrash(agent, begun.promise);
    await returned.promise;
    expect((await fixture.types(state.run)).at(-1)).toBe('run.paused');
    sibling.resolve(1);
    await fixture.runtime.command(state.run, { type: 'resolve', key, resolution: 'retry', by: 'ada' });
    const done = await fixture.runtime.rest(state.run);
    expect(done.nodes['a']?.result?.output).toEqual({ incarnation: 3 });
    await fixture.close();
  });

  test('frees its worker, and whatever its agent still returns counts for nothing', async () => {
    const begun = Promise.withResolvers<undefined>();
    const agent: Behaviour = async (_, context) => {
      const pay = context.effect({ ...spec, name: 'pay', policy: 'once' }, () => {
        begun.resolve(undefined);
        return never();
      });
      const impatient = context.incarnation === 1 ? never() : until(() => false).catch(() => 'gave up waiting');
      await Promise.race([pay, impatient]);
      return {};
    };
    const before = await RunFixture.open({ agents: { agent }, concurrency: 1 });
    const run = await before.start({ name: 'one', nodes: [{ id: 'a', agent: 'agent' }] });
    await begun.promise;
    await before.crash();
    const quick: Behaviour = () => ({});
    const after = await RunFixture.open({ agents: { agent, quick }, concurrency: 1, directory: before.directory });
    await after.runtime.resume(run);
    expect((await after.runtime.rest(run)).status).toBe('paused');
    const other = await after.run({ name: 'other', nodes: [{ id: 'a', agent: 'quick' }] });
    expect(other.status).toBe('succeeded');
    await after.close();
  });
});

test('a call that an agent leaves behind is aborted when its attempt ends, and it can begin no other', async () => {
  let signal: AbortSignal | undefined;
  let left: AgentContext | undefined;
  await rested(async (_, context) => {
    left = context;
    const called = Promise.withResolvers<undefined>();
    void context.effect(spec, (call) => {
      signal = call.signal;
      called.resolve(undefined);
      return never();
    });
    await called.promise;
    return {};
  });
  expect(signal?.aborted).toBe(true);
  await expect(left?.effect({ ...spec, name: 'late' }, () => expect.fail('it was called'))).rejects.toBeInstanceOf(
    VltairError,
  );
});

test('a context tells the agent where it is', async () => {
  let seen: Partial<AgentContext> = {};
  const { state } = await rested(async (_, { run, node, visit, attempt, incarnation, traceId, tree }) => {
    seen = { run, node, visit, attempt, incarnation, traceId, tree };
    return {};
  });
  const { run, traceId } = state;
  expect(seen).toEqual({ run, node: 'a', visit: 1, attempt: 1, incarnation: 1, traceId, tree: undefined });
});

function reasonOf(error: unknown): string {
  return error instanceof VltairError ? error.reason : String(error);
}
