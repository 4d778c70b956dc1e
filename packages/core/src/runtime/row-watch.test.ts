import { expect, test } from 'vitest';
import { aRow, aRunOf, created } from '../../test/journal-builders.ts';
import { StepClock } from '../../test/step-clock.ts';
import { MemoryJournal } from '../simulation/memory-journal.ts';
import { RowWatch } from './row-watch.ts';

const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));
const forever = new Promise<never>(() => {});

async function pass(clock: StepClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1_000);
    await turn();
    await turn();
  }
}

async function aStoreOf(...runs: readonly string[]): Promise<MemoryJournal> {
  const journal = new MemoryJournal();
  const store = journal.open();
  for (const run of runs) await aRunOf(store, run, [created()], aRow({ status: 'running' }));
  return journal;
}

test('a run is looked at while something goes on for it, and only then', async () => {
  const journal = await aStoreOf('r1', 'r2');
  const clock = new StepClock();
  const seen: string[] = [];
  const over = Promise.withResolvers<string>();
  const watch = new RowWatch({ store: journal.open(), clock, seen: ({ run }) => Promise.resolve(void seen.push(run)) });
  void watch.during('r1', () => forever);
  const wait = watch.during('r2', () => over.promise);
  await pass(clock, 2);
  expect(seen).toEqual(['r1', 'r2']);
  over.resolve('heard');
  expect(await wait).toBe('heard');
  await pass(clock, 1);
  expect(seen).toEqual(['r1', 'r2', 'r1']);
  watch.stop();
  await pass(clock, 9);
  expect(seen).toHaveLength(3);
});

test('what is over before the second look is not looked at', async () => {
  const journal = await aStoreOf('r1');
  const clock = new StepClock();
  const seen: string[] = [];
  const watch = new RowWatch({ store: journal.open(), clock, seen: ({ run }) => Promise.resolve(void seen.push(run)) });
  for (let second = 0; second < 10; second += 1) {
    const over = Promise.withResolvers<undefined>();
    const wait = watch.during('r1', () => over.promise);
    await pass(clock, 1);
    over.resolve(undefined);
    await wait;
  }
  expect(seen).toEqual([]);
  watch.stop();
});

test('what cannot be read is read again', async () => {
  const journal = await aStoreOf('r1');
  const clock = new StepClock();
  let reads = 0;
  const store = {
    run: (run: string) => {
      reads += 1;
      return reads === 1 ? Promise.reject(new Error('the disk')) : journal.open().run(run);
    },
  };
  const seen: string[] = [];
  const watch = new RowWatch({ store, clock, seen: ({ run }) => Promise.resolve(void seen.push(run)) });
  void watch.during('r1', () => forever);
  await pass(clock, 3);
  expect(seen).toEqual(['r1']);
  watch.stop();
});

test('one look follows the other, and none follows the end of the watch', async () => {
  const journal = await aStoreOf('r1', 'r2');
  const clock = new StepClock();
  const looks: string[] = [];
  const read = Promise.withResolvers<undefined>();
  const store = {
    run: async (run: string) => {
      looks.push(run);
      await read.promise;
      return await journal.open().run(run);
    },
  };
  const watch = new RowWatch({ store, clock, seen: () => Promise.resolve() });
  const over = Promise.withResolvers<undefined>();
  const wait = watch.during('r1', () => over.promise);
  await pass(clock, 7);
  over.resolve(undefined);
  await wait;
  void watch.during('r2', () => forever);
  await pass(clock, 20);
  expect(looks).toEqual(['r1']);
  read.resolve(undefined);
  await pass(clock, 3);
  expect(looks).toEqual(['r1', 'r2']);
  watch.stop();
  await pass(clock, 20);
  expect(looks).toHaveLength(2);
  expect(clock.waiting).toBe(0);
});
