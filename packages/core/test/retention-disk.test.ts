import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyRun } from '../src/journal/verify-run.ts';
import { backupStore } from '../src/retention/backup-store.ts';
import { compactStore } from '../src/retention/compact-store.ts';
import { restoreStore } from '../src/retention/restore-store.ts';
import { aDirectory, aRunOf, claimed, created } from './journal-builders.ts';
import { aFinishedRun, archive, withStore } from './retention-fixture.ts';

// Retention on a disk that is full: a tmpfs, which only a root that may mount can make.

const DISK_BYTES = 4_194_304;
const canMount = process.getuid?.() === 0 && tryMount();

let root: ReturnType<typeof aDirectory>;
let disk: string;
beforeEach(() => {
  root = aDirectory();
  disk = join(root.path, 'disk');
  if (canMount) mount(disk);
});
afterEach(() => {
  if (canMount) execFileSync('umount', ['-l', disk]);
  root.remove();
});

const nothing = { progress: () => {}, packObjects: async () => await Promise.resolve() };

test.skipIf(!canMount)('a backup or a restore onto it is refused as disk_full and leaves nothing there', async () => {
  const data = join(root.path, 'data');
  await withStore(data, async (store) => await fill(store, 6));
  const backup = join(root.path, 'backup');
  await backupStore({ directory: data, to: backup, now: 1, withKey: true, ...nothing });
  fillUp(300_000);
  const full = { reason: 'unavailable/disk_full', where: disk };
  const again = backupStore({ directory: data, to: join(disk, 'copy'), now: 1, withKey: true, ...nothing });
  await expect(again).rejects.toMatchObject(full);
  const restored = restoreStore({
    ...{ backup, to: join(disk, 'data'), isForReading: false, isOriginalStopped: false, by: 'ann' },
    now: () => 1,
    onWarning: (warning) => expect.fail(warning),
    unpackObjects: async () => await Promise.resolve(),
  });
  await expect(restored).rejects.toMatchObject(full);
  expect(readdirSync(disk)).toEqual(['filler']);
});

test.skipIf(!canMount)('an archive and a compaction are refused as store_full and lose nothing', async () => {
  const data = join(disk, 'data');
  await withStore(data, async (store) => await fill(store, 6));
  fillUp(64 * 1024);
  const full = expect.objectContaining({ reason: 'unavailable/store_full' }) as Error;
  expect(() => archive(data, 'run-0')).toThrow(full);
  expect(() => compactStore(data, 1)).toThrow(full);
  rmSync(join(disk, 'filler'));
  expect(archive(data, 'run-0')).toMatchObject({ events: 3 });
  expect(compactStore(data, 1)).toMatchObject({ isWiped: true });
  await withStore(data, async (store) => {
    for (const { run } of await store.runs({}))
      expect(await verifyRun(store, run)).toMatchObject({ kind: 'verified', run });
  });
});

async function fill(store: Parameters<typeof aFinishedRun>[0], runs: number): Promise<void> {
  for (let number = 0; number < runs; number += 1) await aFinishedRun(store, `run-${number}`, `word ${number}`);
  await aRunOf(store, 'live', [created(), claimed('w')]);
}

/** Leaves so many bytes free. */
function fillUp(free: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize - free));
}

function mount(directory: string): void {
  mkdirSync(directory, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', directory]);
}

function tryMount(): boolean {
  const probe = aDirectory();
  try {
    mount(probe.path);
    execFileSync('umount', [probe.path]);
    return true;
  } catch {
    // No right to mount here: the tests of full disks are left out, and say so.
    return false;
  } finally {
    probe.remove();
  }
}
