import { VltairError, type WorkflowInput } from '@vltair/protocol';
import { expect, test } from 'vitest';
import type { AgentContext, EffectSpec, EventStore, RunState } from '../src/index.ts';
import { FaultyStore } from './faulty-store.ts';
import { RunFixture, type Behaviour } from './run-fixture.ts';
import { RushingClock } from './step-clock.ts';

/** Needs, a fan-out, a retry, a loop, and effects of both kinds in every node. */
const workflow: WorkflowInput = {
  name: 'crash-points',
  nodes: [
    { id: 'first', agent: 'worker' },
    { id: 'flaky', agent: 'worker', needs: ['first'] },
    { id: 'beside', agent: 'worker', needs: ['first'] },
    { id: 'loop', agent: 'worker', needs: ['flaky', 'beside'], maxVisits: 2, routes: [{ on: 'again', to: 'loop' }] },
  ],
};

/** What happened in the world: how often each effect was called. */
class World {
  readonly calls = new Map<string, number>();

  readonly worker: Behaviour = async (_, context) => {
    const read = await this.#act(context, 'read', 'repeatable');
    const paid = await this.#act(context, 'pay', 'once');
    if (context.node === 'flaky' && context.attempt === 1) throw new VltairError('transient/agent');
    const signal = context.node === 'loop' && context.visit === 1 ? 'again' : 'success';
    return { signal, output: { read, paid } };
  };

  async #act(context: AgentContext, name: string, policy: EffectSpec['policy']): Promise<string> {
    const clocks = { total: 60_000 };
    return await context.effect({ name, arguments: null, summary: name, policy, clocks }, ({ idempotencyKey }) => {
      const key = idempotencyKey.slice(context.run.length + 1);
      this.calls.set(key, (this.calls.get(key) ?? 0) + 1);
      return Promise.resolve(`${key} done`);
    });
  }
}

interface Crash {
  readonly fixture: RunFixture;
  readonly world: World;
  readonly run: string;
}

/** Runs the workflow until the append after the first `acknowledged` ones, which is never answered, and kills the process there. */
async function crashAfter(acknowledged: number, landed: boolean): Promise<Crash> {
  const world = new World();
  const reached = Promise.withResolvers<string>();
  let appends = 0;
  const faulty = (store: EventStore): EventStore =>
    new FaultyStore(store, async (request, append) => {
      appends += 1;
      if (appends <= acknowledged) return await append();
      if (landed && appends === acknowledged + 1) await append();
      reached.resolve(request.run);
      return await new Promise(() => {});
    });
  const fixture = await open(world, { faulty });
  void fixture.start(workflow);
  const run = await reached.promise;
  await fixture.crash();
  return { fixture, world, run };
}

function open(world: World, options: Partial<Parameters<typeof RunFixture.open>[0]>): Promise<RunFixture> {
  return RunFixture.open({
    agents: { worker: world.worker },
    clock: new RushingClock(),
    commitOn: 'caller',
    ...options,
  });
}

/** Continues the run to its end. A person answers for parked effects, after a look at the world. */
async function finish(fixture: RunFixture, { world, run }: Crash): Promise<RunState> {
  if ((await fixture.store.run(run)) === undefined) return await fixture.run(workflow);
  await fixture.runtime.resume(run);
  let state = await fixture.runtime.rest(run);
  while (state.status === 'paused') {
    const [wait] = state.waitingFor;
    const key = wait?.kind === 'parked_effect' ? wait.key : '';
    const resolution = world.calls.has(key) ? 'fail' : 'retry';
    await fixture.runtime.command(run, { type: 'resolve', key, resolution, by: 'ada' });
    state = await fixture.runtime.rest(run);
  }
  return state;
}

/** What must not depend on crashes. */
function essence({ status, nodes, failure }: RunState): unknown {
  const ofNodes = Object.entries(nodes).map(([id, node]) => [id, node.status, node.visit, node.attempt, node.result]);
  return { status, failure, nodes: ofNodes };
}

async function recordedKeys(store: EventStore, run: string): Promise<readonly string[]> {
  const events = await store.read(run);
  return events.flatMap(({ payload }) => (payload.type === 'effect.recorded' ? [payload.key] : []));
}

const reference = await (async () => {
  const world = new World();
  let appends = 0;
  const fixture = await open(world, {
    faulty: (store) => new FaultyStore(store, (_, append) => ((appends += 1), append())),
  });
  const state = await fixture.run(workflow);
  await fixture.close();
  return { essence: withoutRun(essence(state), state.run), calls: world.calls, appends };
})();

/** Results carry the run's id in their task's. */
function withoutRun(value: unknown, run: string): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(run, 'RUN'));
}

test('the run without a crash takes enough appends to be worth crashing', () => {
  expect(reference.appends).toBeGreaterThanOrEqual(10);
  expect([...reference.calls.values()].every((count) => count === 1)).toBe(true);
});

const points = Array.from({ length: reference.appends }, (_, acknowledged) => acknowledged);

test.each(points.flatMap((point) => [false, true].map((landed) => [point, landed] as const)))(
  'killed after %i appends, the next one landed: %s, the run ends as if nothing had happened',
  async (acknowledged, landed) => {
    const crash = await crashAfter(acknowledged, landed);
    const before = new Map(crash.world.calls);
    const fixture = await open(crash.world, { directory: crash.fixture.directory });
    const known = await recordedKeys(fixture.store, crash.run);
    const state = await finish(fixture, crash);

    for (const key of known) expect(crash.world.calls.get(key), `${key} was recorded`).toBe(before.get(key));
    for (const [key, count] of crash.world.calls) {
      if (key.includes('/pay#')) expect(count, `${key} may happen once`).toBe(1);
    }
    const lost = [...before.keys()].filter((key) => key.includes('/pay#') && !known.includes(key));
    if (lost.length > 0) expect(state.failure?.reason, `nobody knew about ${lost.join()}`).toBe('fatal/parked');
    else expect(withoutRun(essence(state), state.run)).toEqual(reference.essence);
    await fixture.close();
  },
);
