import { expect, test } from 'vitest';
import { aRow, aRunOf, created } from '../../test/journal-builders.ts';
import { StepClock } from '../../test/step-clock.ts';
import { MemoryJournal } from '../simulation/memory-journal.ts';
import { EndWatch } from './end-watch.ts';

const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

async function pass(clock: StepClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1_000);
    await turn();
    await turn();
  }
}

test('the end that another worker has brought is told while somebody waits for it, and only then', async () => {
  const store = new MemoryJournal().open();
  await aRunOf(store, 'r1', [created()], aRow({ status: 'running' }));
  await aRunOf(store, 'r2', [created()], aRow({ status: 'failed' }));
  const clock = new StepClock();
  const told: string[] = [];
  const end = Promise.withResolvers<string>();
  const tell = (run: string): Promise<void> => {
    told.push(run);
    if (told.length === 2) end.resolve('heard');
    return Promise.resolve();
  };
  const watch = new EndWatch({ store, clock, tell });
  const waits = [watch.during('r1', new Promise(() => {})), watch.during('r2', end.promise)];
  await pass(clock, 10);
  expect(await waits[1]).toBe('heard');
  expect(told).toEqual(['r2', 'r2']);
  watch.stop();
});

test('what cannot be read is read again; nobody is told anything after the end of the watch', async () => {
  const journal = new MemoryJournal();
  await aRunOf(journal.open(), 'r1', [created()], aRow({ status: 'succeeded' }));
  const clock = new StepClock();
  let reads = 0;
  const store = {
    run: (run: string) => {
      reads += 1;
      return reads === 1 ? Promise.reject(new Error('the disk')) : journal.open().run(run);
    },
  };
  const told: string[] = [];
  const watch = new EndWatch({ store, clock, tell: (run) => (told.push(run), Promise.resolve()) });
  void watch.during('r1', new Promise(() => {}));
  await pass(clock, 5);
  expect(told).toEqual(['r1']);
  watch.stop();
  await pass(clock, 5);
  expect(told).toEqual(['r1']);
});
