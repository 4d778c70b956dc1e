import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { exportRun } from '../src/journal/export-run.ts';
import { verifyCommits } from '../src/journal/verify-commits.ts';
import { verifyRun } from '../src/journal/verify-run.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { Forger } from './forging.ts';
import { aDirectory, anAppend, aRow, aRunOf, claimed, created } from './journal-builders.ts';
import { NO_RUNS, openReplayedStore } from './replayed-store.ts';

const EVENTS = 22;
const BROKEN = 'internal/chain_broken';
const OTHER_KEY = 'invalid_argument/export_key';

let root: ReturnType<typeof aDirectory>;
let forger: Forger;
let store: EventStore;
let warnings: string[];

beforeEach(async () => {
  root = aDirectory();
  forger = new Forger(root.path);
  warnings = [];
  store = await open();
  const claims = Array.from({ length: EVENTS - 2 }, (_, index) => claimed(`w${index}`));
  await aRunOf(store, 'r1', [created('the title'), ...claims], aRow());
  const payload = { type: 'run.succeeded' } as const;
  const row = aRow({ status: 'succeeded' });
  await store.append(anAppend(store, { run: 'r1', expectedSeq: EVENTS - 1, events: [{ ts: 2_000, payload }], row }));
  await aRunOf(store, 'r2', [created('another run'), claimed('a')]);
});
afterEach(async () => {
  await store.close();
  root.remove();
});

const open = (): Promise<EventStore> =>
  openReplayedStore({
    ...NO_RUNS,
    directory: root.path,
    mode: 'write',
    now: () => 1,
    onWarning: (warning) => warnings.push(warning),
    commitOn: 'caller',
  });
const reopen = async (): Promise<void> => {
  await store.close();
  store = await open();
};
/** What an export gives away before it is refused. */
async function exported(run: string): Promise<{ readonly lines: readonly string[]; readonly error: unknown }> {
  const lines: string[] = [];
  try {
    for await (const line of exportRun(store, run)) lines.push(line);
    return { lines, error: undefined };
  } catch (error) {
    return { lines, error };
  }
}
const continued = (run: string, expectedSeq: number) =>
  store.append(anAppend(store, { run, expectedSeq, events: [{ ts: 3_000, payload: claimed('next') }] }));
const refusedExport = { lines: [], error: { reason: BROKEN } };
const newTitle = (payload: string): string => payload.replace('another run', 'a forged run');

describe('whoever rewrites a payload and every hash that depends on it', () => {
  beforeEach(() => forger.rewrite('r2', newTitle));

  test('finds the run refused, and no line of it exported', async () => {
    verifies('SP-9');
    expect((await store.read('r2')).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(await verifyRun(store, 'r2')).toMatchObject({ kind: 'refused', reason: BROKEN });
    expect(await exported('r2')).toMatchObject(refusedExport);
  });

  test('does not get what follows signed, and leaves nothing of it in the log', async () => {
    verifies('SP-9');
    await reopen();
    const before = await store.commits(0, 1_000);
    await expect(continued('r2', 2)).rejects.toMatchObject({ reason: BROKEN, where: 'r2:0' });
    expect(await store.commits(0, 1_000)).toEqual(before);
  });

  test('does not keep whole runs of the store from going on', async () => {
    await reopen();
    expect(await continued('r1', EVENTS)).toMatchObject({ kind: 'appended' });
    expect(await store.append(anAppend(store, { run: 'r3' }))).toMatchObject({ kind: 'appended' });
  });
});

test('whoever rewrites a run that shares its commit with one that was proven before is found all the same', async () => {
  const together = ['r3', 'r4'].map((run) =>
    store.append(anAppend(store, { run, events: [{ ts: 1_000, payload: created('another run') }] })),
  );
  await Promise.all(together);
  expect(await store.commitsOf('r3', 0, 10)).toEqual(await store.commitsOf('r4', 0, 10));
  await reopen();
  expect(await continued('r3', 1)).toMatchObject({ kind: 'appended' });
  forger.rewrite('r4', newTitle);
  await expect(continued('r4', 1)).rejects.toMatchObject({ reason: BROKEN, where: 'r4:1' });
});

describe('whoever lets a run end in its middle', () => {
  test('finds it refused, not exported and not continued', async () => {
    verifies('SP-9');
    await reopen();
    forger.cut('r1', 4, 'running');
    expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'refused', reason: BROKEN, seq: 5 });
    expect(await exported('r1')).toMatchObject(refusedExport);
    await expect(continued('r1', 4)).rejects.toMatchObject({ reason: BROKEN, where: 'r1:5' });
  });

  test('and deletes what lay behind finds it refused and not exported', async () => {
    verifies('SP-9');
    forger.cut('r1', 4, 'running');
    forger.sql("DELETE FROM events WHERE run = 'r1' AND seq > 4");
    expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'refused', reason: BROKEN });
    expect(await exported('r1')).toMatchObject(refusedExport);
  });

  test('cannot give a finished run another status', async () => {
    for (const status of ['running', 'queued', 'paused', 'failed', 'cancelled']) {
      forger.sql(`UPDATE runs SET status = '${status}' WHERE run = 'r1'`);
      expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'refused', seq: EVENTS });
    }
  });

  test('is told from an owner that appends while a reader verifies', async () => {
    const reader = await openReplayedStore({
      ...NO_RUNS,
      directory: root.path,
      mode: 'read',
      now: () => 1,
      onWarning: () => {},
    });
    const verdicts = [];
    for (let seq = 2; seq < 22; seq += 1)
      verdicts.push((await Promise.all([verifyRun(reader, 'r2'), continued('r2', seq)]))[0].kind);
    await reader.close();
    expect(new Set(verdicts)).toEqual(new Set(['verified']));
  });
});

describe('whoever signs with a key of their own', () => {
  for (const [what, from] of [
    ['the newest commit', EVENTS + 2],
    ['every commit', 1],
  ] as const) {
    test(`${what} finds the run refused, not exported, and not continued`, async () => {
      verifies('SP-9');
      if (from === 1) forger.rewrite('r2', newTitle);
      const { fingerprint } = forger.resign(from);
      expect(await verifyRun(store, 'r2')).toMatchObject({
        reason: OTHER_KEY,
        detail: expect.stringContaining('signed by'),
      });
      expect(await verifyRun(store, 'r2', [fingerprint])).toMatchObject({ kind: from === 1 ? 'verified' : 'refused' });
      expect(await exported('r2')).toMatchObject(refusedExport);
      await reopen();
      expect(warnings).toEqual([expect.stringContaining(`Runs under commits of ${fingerprint}`)]);
      await expect(continued('r2', 2)).rejects.toMatchObject({ reason: BROKEN });
    });
  }

  test('and waits until the owner signs on top of it is found all the same', async () => {
    verifies('SP-9');
    forger.resign(EVENTS + 2);
    await reopen();
    await store.append(anAppend(store, { run: 'r3' }));
    expect(await verifyRun(store, 'r2')).toMatchObject({ kind: 'refused', reason: OTHER_KEY });
    expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'refused', reason: OTHER_KEY });
    expect(await verifyCommits(store)).toMatchObject({ kind: 'refused', commit: EVENTS + 2 });
    expect(await verifyRun(store, 'r3')).toMatchObject({ kind: 'verified' });
  });

  test('in the name of the store is found when a writer opens it', async () => {
    verifies('SP-9');
    const own = store.signer().fingerprint;
    forger.resign(EVENTS + 2);
    forger.sql(`UPDATE commits SET fingerprint = '${own}'`);
    expect(await verifyRun(store, 'r2')).toMatchObject({ kind: 'refused', reason: BROKEN });
    await store.close();
    await expect(open()).rejects.toMatchObject({ reason: BROKEN });
  });
});

test('a store whose last event, or newest commit, is gone is not opened for writing', async () => {
  verifies('SP-9');
  await store.close();
  forger.sql('CREATE TABLE kept AS SELECT * FROM commits; DELETE FROM commits WHERE last_position = 24');
  await expect(open()).rejects.toMatchObject({ reason: BROKEN });
  forger.sql('DELETE FROM commits; INSERT INTO commits SELECT * FROM kept; DELETE FROM events WHERE position = 24');
  await expect(open()).rejects.toMatchObject({ reason: BROKEN });
});

test('after a change of the key file old runs verify with both keys pinned, and new runs with the new one', async () => {
  const old = store.signer().fingerprint;
  await store.close();
  rmSync(join(root.path, 'keys', 'signing.key'));
  store = await open();
  await aRunOf(store, 'r3', [created()]);
  const { fingerprint } = store.signer();
  expect(warnings).toEqual([expect.stringContaining('wants both keys')]);
  expect(await verifyRun(store, 'r3')).toMatchObject({ kind: 'verified', fingerprint });
  expect(await verifyRun(store, 'r1')).toMatchObject({ reason: OTHER_KEY });
  expect(await verifyRun(store, 'r1', [old])).toMatchObject({ reason: OTHER_KEY });
  expect(await verifyRun(store, 'r1', [old, fingerprint])).toMatchObject({ kind: 'verified', count: EVENTS });
});
