import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject, WorkflowInput } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { FaultyStore, type AppendFault } from '../../test/faulty-store.ts';
import { RunFixture, type Behaviour } from '../../test/run-fixture.ts';
import { until } from '../../test/until.ts';
import type { EffectGate } from '../ports/gate.ts';

const add: Behaviour = ({ payload }) => ({ output: { sum: Number(payload['n'] ?? 0) + 1 } });
const spec = (name: string) => ({
  name,
  arguments: { name },
  summary: name,
  policy: 'once' as const,
  clocks: { total: 1_000 },
});
const calling: Behaviour = async (_, context) => {
  const value = await context.effect(spec('call'), () => Promise.resolve('done'));
  return { output: { value } };
};

const family: WorkflowInput = {
  name: 'family',
  nodes: [
    { id: 'first', agent: 'add', input: { n: 1 } },
    { id: 'sub', needs: ['first'], subrun: { workflow: 'child' }, input: { n: '{{first.output.sum}}' } },
  ],
  output: { total: '{{sub.output.total}}' },
  workflows: {
    child: {
      nodes: [
        { id: 'ask', approval: { message: 'Go on?' } },
        { id: 'more', agent: 'add', needs: ['ask'], input: { n: '{{input.n}}' } },
      ],
      output: { total: '{{more.output.sum}}' },
      budget: { calls: 3 },
    },
  },
};

describe('a run below a run', () => {
  test('is a run of its own, and gives its output to the node above', async () => {
    const fixture = await RunFixture.open({ agents: { add } });
    const parent = await fixture.start(family);
    const resting = await fixture.runtime.rest(parent);
    expect(resting.status).toBe('running');
    const child = `${parent}.1`;
    expect((await fixture.store.run(child))?.status).toBe('paused');
    await fixture.runtime.command(child, { type: 'approve', by: 'ann', approval: 'ask' });
    await until(async () => (await fixture.store.run(parent))?.status === 'succeeded');
    expect((await fixture.runtime.rest(parent)).output).toEqual({ total: 3 });
    await fixture.close();
  });

  test('goes on after a crash, and the run above hears of its end from whoever ended it', async () => {
    const before = await RunFixture.open({ agents: { add } });
    const parent = await before.start(family);
    await before.runtime.rest(parent);
    await before.crash();
    const after = await RunFixture.open({ agents: { add }, directory: before.directory });
    await after.runtime.command(`${parent}.1`, { type: 'approve', by: 'ann', approval: 'ask' });
    await until(async () => (await after.store.run(parent))?.status === 'succeeded');
    await after.close();
  });

  test('is cancelled with the run above, which waits for its end', async () => {
    const fixture = await RunFixture.open({ agents: { add } });
    const parent = await fixture.start(family);
    await fixture.runtime.rest(parent);
    await fixture.runtime.command(parent, { type: 'cancel', by: 'ann', reason: 'enough' });
    expect((await fixture.runtime.rest(parent)).status).toBe('cancelled');
    expect((await fixture.store.run(`${parent}.1`))?.status).toBe('cancelled');
    await fixture.close();
  });

  test('is cancelled also when the run above stops while the child is on its way into the log', async () => {
    const stopping = Promise.withResolvers<undefined>();
    const slowChild: AppendFault = async (request, append) => {
      if (request.parent !== undefined) await stopping.promise;
      const outcome = await append();
      if (request.events.some(({ payload }) => payload.type === 'subrun.stopping'))
        setImmediate(() => stopping.resolve(undefined));
      return outcome;
    };
    const fixture = await RunFixture.open({ agents: { add }, faulty: (store) => new FaultyStore(store, slowChild) });
    const parent = await fixture.start(family);
    await until(async () => (await fixture.types(parent)).includes('node.suspended'));
    await fixture.runtime.command(parent, { type: 'cancel', by: 'ann', reason: 'enough' });
    await until(async () => (await fixture.store.run(parent))?.status === 'cancelled');
    expect((await fixture.store.run(`${parent}.1`))?.status).toBe('cancelled');
    await fixture.close();
  });

  test('that never ends itself is bounded in depth', async () => {
    const endless: WorkflowInput = {
      name: 'endless',
      nodes: [{ id: 'again', subrun: { workflow: 'endless' } }],
      workflows: { endless: { nodes: [{ id: 'again', subrun: { workflow: 'endless' } }] } },
    };
    const fixture = await RunFixture.open({ agents: {} });
    const run = await fixture.start(endless);
    await until(async () => (await fixture.store.run(run))?.status === 'failed');
    expect((await fixture.runtime.rest(run)).failure?.reason).toBe('resource_exhausted/depth');
    expect(await fixture.store.runs({})).toHaveLength(9);
    await fixture.close();
  });
});

const napping: WorkflowInput = {
  name: 'napping',
  nodes: [
    { id: 'nap', sleep: '200ms' },
    { id: 'then', agent: 'add', needs: ['nap'] },
  ],
};

describe('a sleep', () => {
  test('is woken by its timer', async () => {
    const fixture = await RunFixture.open({ agents: { add } });
    const state = await fixture.run(napping);
    expect(state.status).toBe('succeeded');
    await fixture.close();
  });

  test('of a run that nobody has in memory ends when its row says so', async () => {
    const before = await RunFixture.open({ agents: { add } });
    const run = await before.start(napping);
    await until(async () => (await before.store.run(run))?.status === 'paused');
    expect((await before.store.run(run))?.wakeTs).toBeGreaterThan(0);
    await before.crash();
    await sleep(250);
    const after = await RunFixture.open({ agents: { add }, directory: before.directory, isWorker: true });
    await until(async () => (await after.store.run(run))?.status === 'succeeded');
    expect((await after.store.run(run))?.wakeTs).toBeUndefined();
    await after.close();
  });

  test('takes no memory in a worker, and a command still finds the run', async () => {
    const waiting: WorkflowInput = { name: 'waiting', nodes: [{ id: 'ask', signal: {} }] };
    const fixture = await RunFixture.open({ agents: { add }, isWorker: true });
    const run = await fixture.start(waiting);
    await sleep(300);
    const claims = async () => (await fixture.types(run)).filter((type) => type === 'run.claimed').length;
    await fixture.runtime.command(run, { type: 'signal', by: 'ann', name: 'ask', data: 1 });
    expect((await fixture.store.run(run))?.status).toBe('succeeded');
    expect(await claims()).toBe(0);
    await fixture.close();
  });
});

test('tokens are counted as they are used, by what they are used on; what is no number of tokens is refused', async () => {
  verifies('BM-4');
  const using: Behaviour = async (_, context) => {
    await context.effect({ ...spec('call'), reserve: { tokens: 10 } }, (call) => {
      call.recordTokens(4, 'llm');
      call.recordTokens(3, 'tool');
      call.recordTokens(2, 'llm');
      return Promise.resolve(null);
    });
    for (const count of [-1, 0.5, Number.NaN]) {
      const wrong = context.effect(spec(`wrong ${count}`), (call) => {
        call.recordTokens(count, 'tool');
        return Promise.resolve(null);
      });
      await expect(wrong).rejects.toMatchObject({ reason: 'internal/unexpected' });
    }
    await expect(
      context.effect({ ...spec('more'), reserve: { tokens: 4 } }, () => Promise.resolve(null)),
    ).rejects.toMatchObject({
      reason: 'budget_exceeded/run',
    });
    return {};
  };
  const fixture = await RunFixture.open({ agents: { using } });
  const state = await fixture.run({ name: 'one', nodes: [{ id: 'a', agent: 'using' }], budget: { tokens: 12 } });
  expect(state).toMatchObject({ status: 'succeeded', budget: { spent: { tokens: 9 } } });
  const record = (await fixture.events(state.run)).find(({ payload }) => payload.type === 'effect.recorded');
  expect(record?.payload).toMatchObject({ tokens: { llm: 6, tool: 3 } });
  await fixture.close();
});

describe('a gate', () => {
  const gateOf = (verdict: 'ask' | 'deny'): EffectGate => ({
    evaluate: ({ effect }) => (effect === 'call' ? { verdict, rule: 'r', policyDigest: 'p' } : undefined),
  });
  const one: WorkflowInput = { name: 'one', nodes: [{ id: 'a', agent: 'calling', maxAttempts: 1 }] };

  test('that asks holds the call; approved, it is sent once', async () => {
    let sent = 0;
    const counting: Behaviour = async (_, context) => {
      const value = await context.effect(spec('call'), () => Promise.resolve((sent += 1)));
      return { output: { value } };
    };
    const fixture = await RunFixture.open({ agents: { calling: counting }, gate: gateOf('ask') });
    const run = await fixture.start(one);
    expect((await fixture.runtime.rest(run)).waitingFor).toMatchObject([{ kind: 'approval', approval: 'a#1/call#1' }]);
    expect(sent).toBe(0);
    await fixture.runtime.command(run, { type: 'approve', by: 'ann', approval: 'a' });
    expect((await fixture.runtime.rest(run)).status).toBe('succeeded');
    expect(sent).toBe(1);
    await fixture.close();
  });

  test('that denies fails the call in its agent', async () => {
    const fixture = await RunFixture.open({ agents: { calling }, gate: gateOf('deny') });
    expect((await fixture.run(one)).failure?.reason).toBe('forbidden/policy');
    await fixture.close();
  });

  test('that cannot judge lets nothing through', async () => {
    const gate: EffectGate = {
      evaluate: () => {
        throw new TypeError('no policy');
      },
    };
    const fixture = await RunFixture.open({ agents: { calling }, gate });
    expect((await fixture.run(one)).failure?.message).toContain('no policy');
    await fixture.close();
  });
});

describe('a run that has failed', () => {
  test('goes on where it failed when it is tried again; a fork leaves it as it is', async () => {
    const seen: JsonObject[] = [];
    let isBroken = true;
    const flaky: Behaviour = ({ payload }) => {
      seen.push(payload);
      if (isBroken) throw new Error('broken');
      return { output: { ok: true } };
    };
    const fixture = await RunFixture.open({ agents: { add, flaky } });
    const two: WorkflowInput = {
      name: 'two',
      nodes: [
        { id: 'a', agent: 'add', input: { n: 4 } },
        { id: 'b', agent: 'flaky', needs: ['a'], input: { n: '{{a.output.sum}}' } },
      ],
    };
    const run = (await fixture.run(two)).run;
    await expect(fixture.runtime.command(run, { type: 'pause', by: 'ann', reason: 'r' })).rejects.toMatchObject({
      reason: 'invalid_argument/run_ended',
    });
    isBroken = false;
    const forked = await fixture.runtime.fork({
      run: '01900000-0000-7000-8000-0000000000ff',
      from: run,
      node: 'b',
      traceId: '0af7651916cd43dd8448eb211c80319c',
    });
    expect((await fixture.runtime.rest(forked.run)).status).toBe('succeeded');
    expect((await fixture.store.run(run))?.status).toBe('failed');
    await fixture.runtime.command(run, { type: 'retry', by: 'ann' });
    expect(await fixture.runtime.rest(run)).toMatchObject({ status: 'succeeded', retries: 1 });
    expect(seen.map(({ n }) => n)).toEqual([5, 5, 5]);
    const failedAt = (await fixture.events(run)).find(({ payload }) => payload.type === 'attempt.completed')?.seq ?? 0;
    await fixture.runtime.command(run, { type: 'rollback', by: 'ann', toSeq: failedAt });
    expect((await fixture.runtime.rest(run)).status).toBe('succeeded');
    expect((await fixture.types(run)).filter((type) => type === 'run.succeeded')).toHaveLength(2);
    await fixture.close();
  });
});
