import { expect, test } from 'vitest';
import { aRow, aRunOf, created } from '../../test/journal-builders.ts';
import { StepClock } from '../../test/step-clock.ts';
import { MemoryJournal } from '../simulation/memory-journal.ts';
import { WakeWatch } from './wake-watch.ts';

const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

test('a sleeping run that could not be woken is tried again, less and less often, and warned of once', async () => {
  const store = new MemoryJournal().open();
  await aRunOf(store, 'r1', [created()], aRow({ status: 'paused', wakeTs: 1 }));
  const clock = new StepClock();
  const warnings: string[] = [];
  const tries: number[] = [];
  const watch = new WakeWatch({
    store,
    clock,
    now: () => clock.now(),
    drop: () => {},
    mine: () => undefined,
    wake: () => (tries.push(clock.monotonic()), Promise.reject(new Error('not now'))),
    warn: (warning) => warnings.push(warning),
  });
  for (let tick = 0; tick < 80; tick += 1) {
    clock.advance(100);
    await turn();
    await turn();
  }
  watch.stop();
  expect(tries).toEqual([100, 1_100, 3_100, 7_100]);
  expect(warnings).toHaveLength(1);
});

test('however many cannot be woken, those behind them are', async () => {
  const store = new MemoryJournal().open();
  const stuck = Array.from({ length: 150 }, (_, n) => `stuck-${n}`);
  for (const run of stuck) await aRunOf(store, run, [created()], aRow({ status: 'paused', wakeTs: 1 }));
  await aRunOf(store, 'late', [created()], aRow({ status: 'paused', wakeTs: 2 }));
  const clock = new StepClock();
  const woken: string[] = [];
  const watch = new WakeWatch({
    store,
    clock,
    now: () => clock.now(),
    drop: () => {},
    mine: () => undefined,
    wake: (run) => (run === 'late' ? Promise.resolve(woken.push(run)) : Promise.reject(new Error('another version'))),
    warn: () => {},
  });
  for (let tick = 0; tick < 4; tick += 1) {
    clock.advance(100);
    await turn();
    await turn();
  }
  watch.stop();
  expect(woken).toContain('late');
});

test.each([
  { whose: 'alone in its store', mine: undefined, times: [100, 5_100, 10_100] },
  { whose: 'its own on a shared store', mine: [1], times: [100, 5_100, 10_100] },
  { whose: 'of another living worker', mine: [2], times: [] },
])(
  'a run that sleeps ahead of the clock is taken up, and again when it is lost here: $whose',
  async ({ mine, times }) => {
    const store = new MemoryJournal().open();
    await store.leases?.begin(1, { worker: 'w', isStanding: true, lease: 1, milliseconds: 1_000, told: {} });
    const clock = new StepClock();
    const ahead = clock.now() + 3_600_000;
    await aRunOf(store, 'r1', [created()], aRow({ status: 'paused', updatedTs: ahead, wakeTs: ahead + 1 }));
    const tries: number[] = [];
    const watch = new WakeWatch({
      store,
      clock,
      now: () => clock.now(),
      drop: () => {},
      mine: () => mine,
      wake: () => Promise.resolve(tries.push(clock.monotonic())),
      warn: () => {},
    });
    for (let tick = 0; tick < 120; tick += 1) {
      clock.advance(100);
      await turn();
      await turn();
    }
    watch.stop();
    expect(tries).toEqual(times);
  },
);
