import { expect, test } from 'vitest';
import { MemoryJournal } from '../src/simulation/memory-journal.ts';
import { describeJournal } from './event-store-conformance.ts';
import { anAppend, aRunOf, claimed, created } from './journal-builders.ts';
import { describeLeases } from './leases-conformance.ts';
import { describeManyWriters } from './many-writers-conformance.ts';
import { writeAmongOthers } from './many-writers.ts';

describeJournal('the journal in memory', () => {
  const journal = new MemoryJournal();
  return Promise.resolve({
    open: () => Promise.resolve(journal.open()),
    remove: () => Promise.resolve(journal.close()),
  });
});

describeLeases('the leases of a journal in memory', () => {
  let now = 1_700_000_000_000;
  const journal = new MemoryJournal({ now: () => now });
  return Promise.resolve({
    open: () => Promise.resolve(journal.open()),
    pass: (milliseconds) => Promise.resolve(void (now += milliseconds)),
    remove: () => Promise.resolve(journal.close()),
  });
});

describeManyWriters(
  'the journal in memory, written by eight openings',
  () => {
    const journal = new MemoryJournal();
    return Promise.resolve({
      reader: () => Promise.resolve(journal.open()),
      write: (writer, count) => writeAmongOthers(journal.open(), writer, count),
      remove: () => Promise.resolve(journal.close()),
    });
  },
  40,
);

test('the same requests give the same bytes, signatures included', async () => {
  const [left, right] = await Promise.all([1, 2].map(() => linesOf(new MemoryJournal({ seed: 7 }))));
  expect(left).toEqual(right);
  expect(left?.[0]).toMatchObject({ payload: expect.stringContaining('run.created') });
});

async function linesOf(journal: MemoryJournal): Promise<readonly unknown[]> {
  const store = journal.open();
  await aRunOf(store, 'r1', [created(), claimed('a')]);
  return [...(await store.entries('r1', 0, 10)), ...(await store.commits(0, 10))];
}

test('of two openings side by side, the later fences the earlier in what it has written, and there alone', async () => {
  const journal = new MemoryJournal();
  const [earlier, later] = [journal.open(), journal.open()];
  await aRunOf(earlier, 'r1', [created()]);
  await aRunOf(earlier, 'r2', [created()]);
  await later.append(anAppend(later, { run: 'r1', expectedSeq: 1 }));
  expect(await earlier.append(anAppend(earlier, { run: 'r1', expectedSeq: 2 }))).toMatchObject({ kind: 'fenced' });
  expect(await earlier.append(anAppend(earlier, { run: 'r2', expectedSeq: 1 }))).toMatchObject({ kind: 'appended' });
});

test('closing one opening leaves the journal to the others', async () => {
  const journal = new MemoryJournal();
  const [one, other] = [journal.open(), journal.open()];
  await aRunOf(one, 'r1', [created()]);
  await one.close();
  expect(await other.read('r1')).toHaveLength(1);
});
