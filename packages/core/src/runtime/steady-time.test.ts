import { VltairError } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { RunFixture } from '../../test/run-fixture.ts';
import { StepClock } from '../../test/step-clock.ts';
import { until } from '../../test/until.ts';
import { SteadyTime } from './steady-time.ts';

const HOUR = 3_600_000;

test('a wall clock that is set forward or back does not move it', () => {
  verifies('AR-14');
  const clock = new StepClock();
  const time = new SteadyTime(clock);
  const start = time.now();
  clock.setWall(HOUR);
  clock.advance(10);
  expect(time.now()).toBe(start + 10);
  clock.setWall(-5 * HOUR);
  clock.advance(10);
  expect(time.now()).toBe(start + 20);
});

test('equal times are equal on the monotonic clock, whenever they are asked for', () => {
  const clock = new StepClock();
  const time = new SteadyTime(clock);
  const due = time.now() + 1_000;
  const early = time.monotonicAt(due);
  clock.advance(0.7);
  expect(time.monotonicAt(due)).toBe(early);
  expect(early).toBe(1_000);
});

test('the time of a run goes on from the end of its log', () => {
  const clock = new StepClock();
  const time = new SteadyTime(clock);
  const ahead = time.notBefore(time.now() + HOUR);
  expect(ahead.now()).toBe(time.now() + HOUR);
  clock.advance(5);
  expect(ahead.now()).toBe(time.now() + HOUR);
  expect(time.notBefore(time.now() - HOUR).now()).toBe(time.now());
});

test.each([HOUR, -HOUR])('a wall clock moved by %i ms under way moves no deadline', async (change) => {
  const clock = new StepClock();
  const started = Promise.withResolvers<undefined>();
  const fixture = await RunFixture.open({ agents: { waiter: waitingFor(started) }, clock });
  const run = await fixture.start({ name: 'deadline', nodes: [{ id: 'a', agent: 'waiter', timeout: 2_000 }] });
  await started.promise;
  clock.setWall(change);
  clock.advance(1_999);
  await fixture.runtime.resume(run); // whatever was under way is durable
  expect(await fixture.types(run)).not.toContain('timer.fired');
  clock.advance(1);
  const state = await fixture.runtime.rest(run);
  expect(state.failure?.reason).toBe('deadline_exceeded/node');
  const times = (await fixture.events(run)).map(({ ts }) => ts);
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBe(2_000);
  await fixture.close();
});

function waitingFor(started: PromiseWithResolvers<undefined>) {
  return async (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
    started.resolve(undefined);
    return await new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new VltairError('cancelled/run')), { once: true });
    });
  };
}

test('a wall clock that was set back between two processes does not make a retry wait for it', async () => {
  let calls = 0;
  const agents = {
    flaky: () => {
      calls += 1;
      if (calls === 1) throw new VltairError('transient/agent');
      return {};
    },
  };
  const before = await RunFixture.open({ agents, clock: new StepClock() });
  const run = await before.start({ name: 'back', nodes: [{ id: 'a', agent: 'flaky' }] });
  await until(async () => (await before.types(run)).includes('attempt.completed'));
  await before.crash();
  const clock = new StepClock();
  clock.setWall(-HOUR);
  const after = await RunFixture.open({ agents, clock, directory: before.directory });
  await after.runtime.resume(run);
  clock.advance(1_000);
  expect((await after.runtime.rest(run)).status).toBe('succeeded');
  await after.close();
});

test.each(['a worker that was just begun', 'a worker that had taken the run up before'])(
  'a wall clock that was set back between two processes does not make a sleeping run wait for it: %s',
  async (which) => {
    const sleeper = { name: 'asleep', nodes: [{ id: 'nap', sleep: 5_000 }] };
    const before = await RunFixture.open({ agents: {}, clock: new StepClock(), isWorker: true });
    const run = await before.start(sleeper);
    await until(async () => (await before.types(run)).includes('run.paused'));
    await before.crash();
    const clock = new StepClock();
    clock.setWall(-HOUR);
    const after = await RunFixture.open({ agents: {}, clock, directory: before.directory, isWorker: true });
    if (which.includes('before')) await after.runtime.resume(run);
    await until(async () => {
      clock.advance(100); // the watch over sleepers looks, and drops those that need no memory
      return (await after.types(run)).includes('run.succeeded');
    });
    const events = await after.events(run);
    expect((events.at(-1)?.ts ?? 0) - (events[0]?.ts ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect((events.at(-1)?.ts ?? 0) - (events[0]?.ts ?? 0)).toBeLessThan(HOUR);
    await after.close();
  },
);
