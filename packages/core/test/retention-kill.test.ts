import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyRun } from '../src/journal/verify-run.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { checkBackup } from '../src/retention/backup-manifest.ts';
import { backupStore } from '../src/retention/backup-store.ts';
import { restoreStore } from '../src/retention/restore-store.ts';
import { aDirectory, aRunOf, claimed, created } from './journal-builders.ts';
import { aFinishedRun, withStore } from './retention-fixture.ts';

// Retention, killed with -9 at any moment: real processes on real files.

const RUNS = Array.from({ length: 40 }, (_, number) => `run-${number}`);
const ROUNDS = 5;

let root: ReturnType<typeof aDirectory>;
let data: string;
beforeEach(async () => {
  root = aDirectory();
  data = join(root.path, 'data');
  await withStore(data, async (store) => {
    await Promise.all(RUNS.map((run) => aFinishedRun(store, run, `word of ${run}`)));
    await aRunOf(store, 'live', [created(), claimed('x'.repeat(100_000))]);
  });
});
afterEach(() => root.remove());

test('an archive: every run lies in one place, whole', { timeout: 60_000 }, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await killDuring('archive', Math.random() * 60);
    await expectWhole(`round ${round}`);
  }
  expect(sql('SELECT count(*) AS n FROM events WHERE run IN (SELECT run FROM archive)')).toBe(0);
  expect(sql("SELECT count(*) AS n FROM archive WHERE run = 'live'")).toBe(0);
});

test('a compaction: the store is whole, and its next owner gets in at once', { timeout: 60_000 }, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await killDuring('compact', Math.random() * 120);
    await expectWhole(`round ${round}`);
  }
});

test('a backup: what has its name is whole, what has not is refused', { timeout: 60_000 }, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await killDuring('backup', 40 + Math.random() * 300);
    for (const name of readdirSync(root.path).filter((each) => each.startsWith('copy'))) {
      const checked = checkBackup(join(root.path, name));
      // One that was killed between its manifest and its name is whole.
      if (name.includes('.partial-') && !existsSync(join(root.path, name, 'manifest.json')))
        await expect(checked, name).rejects.toMatchObject({ reason: 'invalid_argument/backup' });
      else expect((await checked).manifest.runs).toMatchObject({ succeeded: RUNS.length, running: 1 });
      rmSync(join(root.path, name), { recursive: true });
    }
  }
  await expectWhole('after all');
});

test('a backup beside a process that writes without pause is one whole moment of it', { timeout: 60_000 }, async () => {
  const writer = start(new URL('./appending-child.ts', import.meta.url), data);
  try {
    await once(writer.stdout, 'data');
    writer.stdout.resume();
    const nothing = { progress: () => {}, packObjects: async () => await Promise.resolve() };
    const positions: number[] = [];
    for (const name of ['one', 'two', 'three']) {
      const wish = { directory: data, to: join(root.path, name), now: 1, withKey: true, ...nothing };
      positions.push((await backupStore(wish)).manifest.commits.lastPosition);
    }
    expect(positions).toEqual(positions.toSorted((left, right) => left - right));
    expect(new Set(positions).size).toBe(3);
  } finally {
    await kill(writer);
  }
  const restored = join(root.path, 'restored');
  const { fingerprint } = await restoreStore({
    ...{ backup: join(root.path, 'two'), to: restored, isForReading: true, isOriginalStopped: false, by: 'ann' },
    now: Date.now,
    onWarning: (warning) => expect.fail(warning),
    unpackObjects: async () => await Promise.resolve(),
  });
  const verifyAll = async (store: EventStore): Promise<void> => {
    const runs = await store.runs({});
    expect(runs.map(({ run }) => run)).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd', 'live']));
    for (const { run } of runs)
      expect(await verifyRun(store, run, [fingerprint]), run).toMatchObject({ kind: 'verified' });
  };
  await withStore(restored, verifyAll, 'read');
});

/** Kills a process so many milliseconds after it began. */
async function killDuring(work: 'archive' | 'compact' | 'backup', milliseconds: number): Promise<void> {
  const child = start(new URL('./retaining-child.ts', import.meta.url), work, root.path, ...RUNS);
  await once(child.stdout, 'data');
  await sleep(milliseconds);
  expect(child.exitCode, `${work} goes on until it is killed`).toBeNull();
  await kill(child);
}

function start(script: URL, ...words: readonly string[]): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [fileURLToPath(script), ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function kill(child: ChildProcessByStdio<null, Readable, null>): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

async function expectWhole(when: string): Promise<void> {
  await withStore(data, async (store) => {
    for (const run of [...RUNS, 'live']) {
      expect(await verifyRun(store, run), `${run}, ${when}`).toMatchObject({ kind: 'verified' });
      expect(await store.read(run), `${run}, ${when}`).toHaveLength(run === 'live' ? 2 : 3);
    }
  });
  expect(sql("SELECT count(*) AS n FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), when).toBe(0);
}

function sql(text: string): number {
  const database = new DatabaseSync(join(data, 'vltair.db'), { readOnly: true });
  try {
    return Number(database.prepare(text).get()?.['n']);
  } finally {
    database.close();
  }
}
