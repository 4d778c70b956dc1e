import { VltairError } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { RunFixture } from '../../test/run-fixture.ts';
import type { EffectSpec } from '../index.ts';

const call: EffectSpec = {
  name: 'call',
  arguments: { to: 'world' },
  summary: 'call the world',
  policy: 'repeatable',
  clocks: { total: 5_000 },
};

test('nodes run in the order of their needs and the run succeeds', async () => {
  const order: string[] = [];
  const fixture = await RunFixture.open({ agents: { note: ({ id }) => (order.push(id.split(':')[1] ?? ''), {}) } });
  const nodes = ['a', 'b', 'c'].map((id, index) => ({
    id,
    agent: 'note',
    needs: index === 0 ? [] : [String.fromCharCode(96 + index)],
  }));
  const state = await fixture.run({ name: 'chain', nodes });
  expect(state.status).toBe('succeeded');
  expect(order).toEqual(['a#1', 'b#1', 'c#1']);
  await fixture.close();
});

test('an effect is intended before it runs and recorded before its result is used', async () => {
  const seen: (readonly string[])[] = [];
  const fixture: RunFixture = await RunFixture.open({
    agents: {
      caller: async (_, context) => {
        const value = await context.effect(call, async () => {
          seen.push(await fixture.types(context.run));
          return 42;
        });
        seen.push(await fixture.types(context.run));
        return { output: { value } };
      },
    },
  });
  const state = await fixture.run({ name: 'effect', nodes: [{ id: 'a', agent: 'caller' }] });
  expect(state.nodes['a']?.result?.output).toEqual({ value: 42 });
  expect(seen[0]?.at(-1)).toBe('effect.intended');
  expect(seen[1]?.at(-1)).toBe('effect.recorded');
  await fixture.close();
});

test('after a crash a recorded effect answers from the ledger and an unrecorded repeatable one runs again', async () => {
  const calls: string[] = [];
  const hang = Promise.withResolvers<undefined>();
  let crashed = false;
  const agents = {
    caller: async (_: unknown, context: Parameters<Parameters<typeof RunFixture.open>[0]['agents'][string]>[1]) => {
      const first = await context.effect({ ...call, name: 'first' }, () => Promise.resolve(calls.push('first')));
      await context.effect({ ...call, name: 'second' }, async () => {
        calls.push('second');
        if (!crashed) {
          hang.resolve(undefined);
          await new Promise(() => {});
        }
        return null;
      });
      return { output: { first } };
    },
  };
  const before = await RunFixture.open({ agents });
  const run = await before.start({ name: 'crash', nodes: [{ id: 'a', agent: 'caller' }] });
  await hang.promise;
  await before.crash();
  crashed = true;
  const after = await RunFixture.open({ agents, directory: before.directory });
  await after.runtime.resume(run);
  const state = await after.runtime.rest(run);
  expect(state.status).toBe('succeeded');
  expect(calls).toEqual(['first', 'second', 'second']);
  expect(state.nodes['a']?.result?.output).toEqual({ first: 1 });
  expect((await after.types(run)).filter((type) => type.startsWith('effect.'))).toEqual([
    'effect.intended',
    'effect.recorded',
    'effect.intended',
    'effect.reused',
    'effect.intended',
    'effect.recorded',
  ]);
  await after.close();
});

test('an effect that must not happen twice is parked when nobody knows whether it happened', async () => {
  const hang = Promise.withResolvers<undefined>();
  let charges = 0;
  const agents = {
    payer: async (_: unknown, context: Parameters<Parameters<typeof RunFixture.open>[0]['agents'][string]>[1]) => {
      await context.effect({ ...call, name: 'charge', policy: 'once' as const }, async () => {
        charges += 1;
        if (charges > 1) return 'charged';
        hang.resolve(undefined);
        return await new Promise<string>(() => {});
      });
      return {};
    },
  };
  const before = await RunFixture.open({ agents });
  const run = await before.start({ name: 'pay', nodes: [{ id: 'a', agent: 'payer' }] });
  await hang.promise;
  await before.crash();
  const after = await RunFixture.open({ agents, directory: before.directory });
  await after.runtime.resume(run);
  const paused = await after.runtime.rest(run);
  expect(paused.status).toBe('paused');
  expect(paused.waitingFor).toEqual([{ kind: 'parked_effect', node: 'a', key: 'a#1/charge#1' }]);
  expect(charges).toBe(1);
  await after.runtime.command(run, { type: 'resolve', key: 'a#1/charge#1', resolution: 'retry', by: 'ada' });
  expect((await after.runtime.rest(run)).status).toBe('succeeded');
  expect(charges).toBe(2);
  await after.close();
});

test('a run is cancelled only when its attempt has stopped', async () => {
  const started = Promise.withResolvers<undefined>();
  const fixture = await RunFixture.open({
    agents: {
      waiter: async (_, context) => {
        started.resolve(undefined);
        await new Promise((_resolve, reject) =>
          context.signal.addEventListener('abort', () => reject(new VltairError('cancelled/run'))),
        );
        return {};
      },
    },
  });
  const run = await fixture.start({ name: 'cancel', nodes: [{ id: 'a', agent: 'waiter' }] });
  await started.promise;
  await fixture.runtime.command(run, { type: 'cancel', by: 'ada', reason: 'enough' });
  expect((await fixture.runtime.rest(run)).status).toBe('cancelled');
  expect((await fixture.types(run)).slice(-5)).toEqual([
    'cancel.requested',
    'attempt.stopping',
    'attempt.stopped',
    'node.cancelled',
    'run.cancelled',
  ]);
  await fixture.close();
});
