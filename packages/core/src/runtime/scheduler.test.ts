import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { StepClock } from '../../test/step-clock.ts';
import { Scheduler } from './scheduler.ts';

/** A job that notes its name when it begins and ends at once. */
function noting(order: string[], name: string, due: number) {
  return { due, run: () => Promise.resolve(void order.push(name)) };
}

/** Lets what has been resolved go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

test('jobs that are due at the same time begin first-in first-out', async () => {
  verifies('V-13');
  verifies('OC-8');
  const order: string[] = [];
  const scheduler = new Scheduler(new StepClock(), 1);
  for (const name of ['a', 'b', 'c', 'd']) scheduler.submit(noting(order, name, 0));
  await settle();
  expect(order).toEqual(['a', 'b', 'c', 'd']);
});

test('one worker begins the next job only when the one before has ended', async () => {
  verifies('OC-8');
  const order: string[] = [];
  const first = Promise.withResolvers<undefined>();
  const scheduler = new Scheduler(new StepClock(), 1);
  scheduler.submit({
    due: 0,
    run: async () => {
      order.push('first');
      await first.promise;
    },
  });
  scheduler.submit(noting(order, 'second', 0));
  await settle();
  expect(order).toEqual(['first']);
  first.resolve(undefined);
  await settle();
  expect(order).toEqual(['first', 'second']);
});

test('a job that becomes due between two looks at the clock is never waited for a negative time', async () => {
  class RunningClock extends StepClock {
    readonly waits: number[] = [];

    override monotonic(): number {
      this.advance(1); // time goes on while the scheduler looks
      return super.monotonic();
    }

    override after(milliseconds: number, callback: () => void): { cancel(): void } {
      this.waits.push(milliseconds);
      return super.after(milliseconds, callback);
    }
  }
  const clock = new RunningClock();
  const order: string[] = [];
  const scheduler = new Scheduler(clock, 1);
  scheduler.submit(noting(order, 'a', clock.monotonic() + 1.5));
  clock.advance(1);
  await settle();
  expect(order).toEqual(['a']);
  expect(clock.waits.filter((wait) => wait < 0)).toEqual([]);
});

test('any jobs, submitted and withdrawn in any order, begin as a sorted list says', async () => {
  const jobs = fc.array(fc.record({ due: fc.integer({ min: 0, max: 20 }), withdrawn: fc.boolean() }), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(jobs, fc.integer({ min: 1, max: 4 }), async (list, workers) => {
      const clock = new StepClock();
      const scheduler = new Scheduler(clock, workers);
      const order: string[] = [];
      const handles = list.map(({ due }, index) => scheduler.submit(noting(order, String(index), due + 1)));
      for (const [index, { withdrawn }] of list.entries()) if (withdrawn) handles[index]?.withdraw();
      for (let step = 0; step < 21; step += 1) {
        clock.advance(1);
        await settle();
      }
      const expected = list
        .map(({ due, withdrawn }, index) => ({ due, withdrawn, name: String(index) }))
        .filter(({ withdrawn }) => !withdrawn)
        .toSorted((left, right) => left.due - right.due)
        .map(({ name }) => name);
      expect(order.toSorted(byNumber)).toEqual(expected.toSorted(byNumber));
      if (workers === 1) expect(order).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

function byNumber(left: string, right: string): number {
  return Number(left) - Number(right);
}

test('it waits on one timer for the next due job and never polls', async () => {
  verifies('V-13');
  const clock = new StepClock();
  const scheduler = new Scheduler(clock, 2);
  const order: string[] = [];
  for (const due of [500, 300, 900]) scheduler.submit(noting(order, String(due), due));
  expect(clock.waiting).toBe(1);
  clock.advance(299);
  await settle();
  expect(order).toEqual([]);
  clock.advance(1);
  await settle();
  expect(order).toEqual(['300']);
  expect(clock.waiting).toBe(1);
  clock.advance(1_000);
  await settle();
  expect(order).toEqual(['300', '500', '900']);
  expect({ waiting: clock.waiting, fired: clock.fired }).toEqual({ waiting: 0, fired: 3 });
});

test('a job is withdrawn as long as it has not begun', async () => {
  const clock = new StepClock();
  const scheduler = new Scheduler(clock, 1);
  const order: string[] = [];
  const begun = scheduler.submit(noting(order, 'begun', 0));
  const waiting = scheduler.submit(noting(order, 'waiting', 10));
  expect(begun.withdraw()).toBe(false);
  expect(waiting.withdraw()).toBe(true);
  clock.advance(20);
  await settle();
  expect(order).toEqual(['begun']);
});

test('metrics count what is queued, and stopping forgets it without ending what has begun', async () => {
  verifies('V-13');
  const clock = new StepClock();
  const scheduler = new Scheduler(clock, 1);
  const running = Promise.withResolvers<undefined>();
  let ended = false;
  scheduler.submit({ due: 0, run: () => running.promise.then(() => void (ended = true)) });
  const queued = scheduler.submit(noting([], 'queued', 0));
  expect(scheduler.metrics()).toEqual({ queued: 1, busy: 1, workers: 1, stopped: false });
  scheduler.stop();
  expect(scheduler.metrics()).toEqual({ queued: 0, busy: 1, workers: 1, stopped: true });
  expect(queued.withdraw(), 'it will never begin').toBe(true);
  running.resolve(undefined);
  await settle();
  expect(ended).toBe(true);
});

test('a stopped scheduler begins nothing', async () => {
  const clock = new StepClock();
  const scheduler = new Scheduler(clock, 1);
  const order: string[] = [];
  scheduler.submit(noting(order, 'before', 5));
  scheduler.stop();
  const late = scheduler.submit(noting(order, 'after', 0));
  clock.advance(10);
  await settle();
  expect(order).toEqual([]);
  expect(late.withdraw()).toBe(true);
  expect(scheduler.metrics().queued).toBe(0);
});

test('of the jobs that are due, those of the highest priority begin first; one that is not due waits', async () => {
  const clock = new StepClock();
  const scheduler = new Scheduler(clock, 1);
  const order: string[] = [];
  const first = Promise.withResolvers<undefined>();
  scheduler.submit({ due: 0, run: () => first.promise });
  scheduler.submit({ ...noting(order, 'usual', 0) });
  scheduler.submit({ ...noting(order, 'urgent', 0), priority: 5 });
  scheduler.submit({ ...noting(order, 'urgent too', 0), priority: 5 });
  scheduler.submit({ ...noting(order, 'later', 10), priority: 9 });
  scheduler.submit({ ...noting(order, 'idle', 0), priority: -1 });
  first.resolve(undefined);
  await settle();
  expect(order).toEqual(['urgent', 'urgent too', 'usual', 'idle']);
  clock.advance(10);
  await settle();
  expect(order.at(-1)).toBe('later');
});

test('J1: jobs of one key are in flight at most `limit` at a time, and keep nobody else waiting', async () => {
  const scheduler = new Scheduler(new StepClock(), 8);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const submit = (name: string, limit?: number): { withdraw(): boolean } =>
    scheduler.submit({
      due: 0,
      ...(limit === undefined ? {} : { concurrency: { key: 'deploy', limit } }),
      run: () => {
        begun.push(name);
        return new Promise((resolve) => ends.set(name, resolve));
      },
    });
  submit('a', 2);
  submit('b', 2);
  submit('c', 2);
  const withdrawn = submit('d', 2);
  submit('other');
  expect(begun).toEqual(['a', 'b', 'other']);
  expect(scheduler.metrics()).toMatchObject({ queued: 2, busy: 3 });
  expect(withdrawn.withdraw()).toBe(true);
  ends.get('b')?.();
  await settle();
  expect(begun).toEqual(['a', 'b', 'other', 'c']);
  expect(scheduler.metrics()).toMatchObject({ queued: 0, busy: 3 });
});

test('any jobs with keys and priorities all begin, never more of a key than its limit', async () => {
  const jobs = fc.array(
    fc.record({ key: fc.constantFrom('x', 'y', undefined), priority: fc.integer({ min: -2, max: 2 }) }),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(jobs, fc.integer({ min: 1, max: 5 }), async (list, workers) => {
      const scheduler = new Scheduler(new StepClock(), workers);
      const inFlight = new Map<string, number>();
      let ended = 0;
      for (const { key, priority } of list) {
        const run = async (): Promise<void> => {
          const count = (inFlight.get(key ?? '') ?? 0) + 1;
          inFlight.set(key ?? '', count);
          if (key !== undefined) expect(count).toBe(1);
          await Promise.resolve();
          inFlight.set(key ?? '', (inFlight.get(key ?? '') ?? 0) - 1);
          ended += 1;
        };
        scheduler.submit({ due: 0, priority, run, ...(key === undefined ? {} : { concurrency: { key, limit: 1 } }) });
      }
      await scheduler.idle();
      for (let turn = 0; turn < 40; turn += 1) await settle();
      expect(ended).toBe(list.length);
      expect(scheduler.metrics()).toMatchObject({ queued: 0, busy: 0 });
    }),
    { numRuns: 60 },
  );
});

test('idle: resolves when what has begun has ended', async () => {
  const scheduler = new Scheduler(new StepClock(), 1);
  const running = Promise.withResolvers<undefined>();
  await scheduler.idle();
  scheduler.submit({ due: 0, run: () => running.promise });
  let isIdle = false;
  void scheduler.idle().then(() => (isIdle = true));
  await settle();
  expect(isIdle).toBe(false);
  running.resolve(undefined);
  await settle();
  expect(isIdle).toBe(true);
});

test('of equal jobs, those of the tenant with the fewest in flight begin first; priority goes before', async () => {
  const scheduler = new Scheduler(new StepClock(), 2);
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const job = (name: string, tenant: string, priority = 0) =>
    scheduler.submit({
      due: 0,
      tenant,
      priority,
      run: () => (begun.push(name), new Promise<void>((resolve) => ends.push(resolve))),
    });
  for (const name of ['a1', 'a2', 'a3', 'a4']) job(name, 'a');
  for (const name of ['b1', 'b2']) job(name, 'b');
  job('urgent', 'a', 5);
  while (begun.length < 7) {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(begun).toEqual(['a1', 'a2', 'urgent', 'b1', 'a3', 'b2', 'a4']);
});
