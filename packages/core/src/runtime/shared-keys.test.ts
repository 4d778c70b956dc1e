import { VltairError } from '@vltair/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { StepClock } from '../../test/step-clock.ts';
import { MemoryJournal } from '../index.ts';
import type { Leases } from '../ports/leases.ts';
import { Scheduler } from './scheduler.ts';
import { SharedKeys } from './shared-keys.ts';

const KEY = 'production';

/** A worker with the lease of an epoch of its own, on one journal, whose store may be away. */
async function aWorker(journal: MemoryJournal, name: string) {
  const { ownership, leases } = journal.open();
  if (ownership.kind !== 'writer' || leases === undefined) throw new TypeError('a shared store to write to');
  const { epoch } = ownership;
  await leases.begin(epoch, { worker: name, isStanding: true, lease: epoch, milliseconds: 60_000, told: {} });
  const link = { isAway: false };
  const reached = new Proxy(leases, {
    get: (real, method: keyof Leases) =>
      link.isAway
        ? () => Promise.reject(new VltairError('unavailable/store_unreachable'))
        : (real[method].bind(real) as unknown),
  });
  const clock = new StepClock();
  const keys = new SharedKeys({
    leases: reached,
    clock,
    scheduler: new Scheduler(clock, 4),
    epoch: () => Promise.resolve(epoch),
  });
  const submit = (run: () => Promise<void>) => keys.submit({ due: 0, concurrency: { key: KEY, limit: 1 }, run });
  return { keys, clock, link, submit, epoch };
}

function aJournal(): MemoryJournal {
  const journal = new MemoryJournal({ now: () => 1_700_000_000_000 });
  onTestFinished(() => journal.close());
  return journal;
}

/** What follows at once has followed. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('a key that could not be given back is given back when the store can be reached again', async () => {
  const journal = aJournal();
  const [first, second] = [await aWorker(journal, 'first'), await aWorker(journal, 'second')];
  const order: string[] = [];
  first.submit(() => Promise.resolve(void (first.link.isAway = true)));
  await settle();
  second.submit(() => Promise.resolve(void order.push('second')));
  for (let tries = 0; tries < 5; tries += 1) {
    for (const { clock } of [first, second]) clock.advance(200);
    await settle();
  }
  expect(order).toEqual([]);
  first.link.isAway = false;
  for (let tries = 0; tries < 2; tries += 1) {
    for (const { clock } of [first, second]) clock.advance(200);
    await settle();
  }
  expect(order).toEqual(['second']);
});

test('a key that is given back late is not taken from the job that has it here by then', async () => {
  const journal = aJournal();
  const [first, second] = [await aWorker(journal, 'first'), await aWorker(journal, 'second')];
  const goesOn = Promise.withResolvers<void>();
  first.submit(() => Promise.resolve(void (first.link.isAway = true)));
  await settle();
  first.link.isAway = false;
  first.submit(() => goesOn.promise);
  await settle();
  first.clock.advance(1_000);
  await settle();
  const others: string[] = [];
  second.submit(() => Promise.resolve(void others.push('second')));
  await settle();
  expect(others).toEqual([]);
  goesOn.resolve();
  await settle();
  second.clock.advance(200);
  await settle();
  expect(others).toEqual(['second']);
});

test('the epoch of a key is in use while the key is held', async () => {
  const worker = await aWorker(aJournal(), 'worker');
  const goesOn = Promise.withResolvers<void>();
  worker.submit(() => goesOn.promise);
  await settle();
  expect(worker.keys.epochs).toEqual([worker.epoch]);
  goesOn.resolve();
  await settle();
  expect(worker.keys.epochs).toEqual([]);
});
