import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyRun } from '../src/journal/verify-run.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { aDirectory, anAppend, aRunOf, claimed, created } from './journal-builders.ts';
import { NO_RUNS, openReplayedStore } from './replayed-store.ts';

const canMount = process.getuid?.() === 0 && tryMount();

let root: ReturnType<typeof aDirectory>;
beforeEach(() => {
  root = aDirectory();
});
afterEach(() => root.remove());

const open = (
  directory: string,
  mode: 'write' | 'read' = 'write',
  commitOn: 'thread' | 'caller' = 'thread',
): Promise<EventStore> =>
  openReplayedStore({
    ...NO_RUNS,
    directory,
    mode,
    now: () => 1,
    onWarning: (warning) => expect.fail(warning),
    commitOn,
  });

describe('a full disk', () => {
  test.skipIf(!canMount).for(['thread', 'caller'] as const)(
    'rejects appends as store_full, loses nothing, and goes on when there is space (commits on the %s); needs a root that may mount',
    async (commitOn) => {
      const disk = join(root.path, 'disk');
      mountTmpfs(disk, '3m');
      try {
        writeFileSync(join(disk, 'filler'), Buffer.alloc(1_500_000));
        const store = await open(join(disk, 'data'), 'write', commitOn);
        const written = await fill(store);
        expect(await store.head('r1')).toMatchObject({ seq: written });
        const group = await Promise.allSettled(
          ['r1', 'r2', 'r3'].map((run) => store.append(anAppend(store, big(run, run === 'r1' ? written : 0)))),
        );
        expect(group.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
        rmSync(join(disk, 'filler'));
        expect(await store.append(anAppend(store, big('r1', written)))).toMatchObject({
          kind: 'appended',
          lastSeq: written + 1,
        });
        expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'verified', count: written + 1 });
        await store.close();
        const again = await open(join(disk, 'data'));
        expect(await again.read('r1')).toHaveLength(written + 1);
        await again.close();
      } finally {
        execFileSync('umount', ['-l', disk]);
      }
    },
  );

  test.skipIf(!canMount)('refuses to make a store as store_full; needs a root that may mount', async () => {
    const disk = join(root.path, 'disk');
    mountTmpfs(disk, '64k');
    try {
      const opened = open(join(disk, 'data'), 'write', 'caller');
      await expect(opened).rejects.toMatchObject({ reason: 'unavailable/store_full' });
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });
});

describe('a directory that cannot be written', () => {
  test('is read, and refuses an owner and commands as store_read_only', async () => {
    const disk = join(root.path, 'disk');
    if (canMount) mountTmpfs(disk, '4m');
    const directory = join(disk, 'data');
    const store = await open(directory);
    await aRunOf(store, 'r1', [created()]);
    await store.close();
    if (canMount) execFileSync('mount', ['-o', 'remount,ro', disk]);
    else chmodSync(directory, 0o500);
    try {
      const readOnly = { reason: 'unavailable/store_read_only' };
      await expect(open(directory)).rejects.toMatchObject(readOnly);
      const reader = await open(directory, 'read');
      expect(await reader.read('r1')).toHaveLength(1);
      expect(await verifyRun(reader, 'r1')).toMatchObject({ kind: 'verified' });
      await expect(reader.send({ id: 'c1', run: 'r1', command: {}, ts: 1 })).rejects.toMatchObject(readOnly);
      await reader.close();
      await expect(open(join(directory, 'new'))).rejects.toMatchObject(readOnly);
    } finally {
      if (canMount) execFileSync('umount', ['-l', disk]);
      else chmodSync(directory, 0o700);
    }
  });
});

function big(run: string, expectedSeq: number) {
  return { run, expectedSeq, events: [{ ts: 1, payload: claimed('x'.repeat(100_000)) }] };
}

/** Appends until the store refuses; gives the number of events that were acknowledged. */
async function fill(store: EventStore): Promise<number> {
  for (let seq = 0; seq < 100; seq += 1) {
    try {
      await store.append(
        anAppend(store, { ...big('r1', seq), row: { ...anAppend(store, big('r1', seq)).row, title: String(seq) } }),
      );
    } catch (error) {
      expect(error).toMatchObject({ reason: 'unavailable/store_full' });
      return seq;
    }
  }
  return expect.fail('the disk was never full');
}

function mountTmpfs(path: string, size: string): void {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
}

/** Root without the capability, as in most containers, may not mount. */
function tryMount(): boolean {
  const { path, remove } = aDirectory();
  try {
    mountTmpfs(path, '64k');
    execFileSync('umount', [path]);
    return true;
  } catch {
    // Then these tests are skipped; their titles say what they need.
    return false;
  } finally {
    remove();
  }
}
