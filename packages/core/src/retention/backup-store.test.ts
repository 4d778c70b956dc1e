import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aDirectory, anAppend, aRow, aRunOf, claimed, created } from '../../test/journal-builders.ts';
import { aFinishedRun, archive, withStore } from '../../test/retention-fixture.ts';
import { verifyRun } from '../journal/verify-run.ts';
import { checkBackup, type CheckedBackup } from './backup-manifest.ts';
import { backupStore, type BackupWish } from './backup-store.ts';
import { type RestoredStore, restoreStore, type RestoreWish } from './restore-store.ts';

let root: ReturnType<typeof aDirectory>;
let data: string;
let copy: string;
let restored: string;
beforeEach(async () => {
  root = aDirectory();
  [data, copy, restored] = [join(root.path, 'data'), join(root.path, 'copy'), join(root.path, 'restored')];
  await withStore(data, async (store) => {
    await aFinishedRun(store, 'ended');
    await aFinishedRun(store, 'archived');
    await aRunOf(store, 'live', [created(), claimed('w')]);
  });
  archive(data, 'archived');
});
afterEach(() => root.remove());

const names = (): readonly string[] => readdirSync(root.path).toSorted();

async function backUp(wish: Partial<BackupWish> = {}): Promise<CheckedBackup> {
  const nothing = { progress: () => {}, packObjects: async () => await Promise.resolve() };
  return await backupStore({ directory: data, to: copy, now: 7_000, withKey: true, ...nothing, ...wish });
}

async function restore(wish: Partial<RestoreWish> = {}): Promise<RestoredStore> {
  return await restoreStore({
    backup: copy,
    to: restored,
    isForReading: false,
    isOriginalStopped: false,
    by: 'ann',
    now: () => 8_000,
    onWarning: (warning) => expect.fail(warning),
    unpackObjects: async () => await Promise.resolve(),
    ...wish,
  });
}

describe('a backup', () => {
  test('of a store that its owner goes on writing to holds one moment of it, whole', async () => {
    await withStore(data, async (store) => {
      let expectedSeq = 2;
      let isDone = false;
      const writing = (async () => {
        while (!isDone) {
          const events = [{ ts: 2_000 + expectedSeq, payload: claimed('w'.repeat(5_000)) }];
          await store.append(anAppend(store, { run: 'live', expectedSeq, events, row: aRow({ status: 'running' }) }));
          expectedSeq += 1;
          await new Promise(setImmediate);
        }
      })();
      await expect.poll(() => expectedSeq).toBeGreaterThan(20);
      const { manifest } = await backUp();
      isDone = true;
      await writing;
      expect(manifest).toMatchObject({ createdTs: 7_000, runs: { succeeded: 2, running: 1 } });
      expect(manifest.commits.lastPosition).toBeLessThan(6 + expectedSeq);
      expect(manifest.store).toBe((await store.identity()).store);
    });
    const checked = await checkBackup(copy);
    const { runs } = await restore();
    expect(runs).toEqual(['live']);
    await withStore(restored, async (store) => {
      for (const run of ['ended', 'archived', 'live'])
        expect(await verifyRun(store, run)).toMatchObject({ kind: 'verified' });
      // The fact of the restore follows the last event of the backup.
      const [next] = await store.tail(checked.manifest.commits.lastPosition, 1);
      expect(next?.payload.type).toBe('run.restored');
    });
  });

  test('without the key does not hold it; a store without a policy has none there', async () => {
    expect((await backUp({ withKey: false })).manifest.parts.map(({ name }) => name)).toEqual(['store.db']);
    expect(readdirSync(copy).toSorted()).toEqual(['manifest.json', 'store.db']);
  });

  test('takes an empty directory, and refuses one that is not empty, a file, and a directory without a store', async () => {
    mkdirSync(copy);
    await backUp();
    await expect(backUp()).rejects.toMatchObject({ reason: 'invalid_argument/not_empty' });
    writeFileSync(join(root.path, 'file'), 'x');
    await expect(backUp({ to: join(root.path, 'file') })).rejects.toMatchObject({
      reason: 'invalid_argument/not_empty',
    });
    const empty = join(root.path, 'empty');
    await expect(backUp({ directory: empty, to: `${copy}2` })).rejects.toMatchObject({ reason: 'not_found/store' });
    expect(names()).toEqual(['copy', 'data', 'file']);
  });

  test('that fails leaves nothing; what a killed one left goes with the next, and what a live one makes stays', async () => {
    const failing = { packObjects: () => Promise.reject(new RangeError('no more')) };
    await expect(backUp(failing)).rejects.toMatchObject({ reason: 'unavailable/store_failed' });
    expect(names()).toEqual(['data']);
    for (const name of ['copy.partial-4194305', `copy.partial-${process.ppid}`]) mkdirSync(join(root.path, name));
    await backUp();
    expect(names()).toEqual(['copy', `copy.partial-${process.ppid}`, 'data']);
  });

  test('that something else was put in the place of meanwhile overwrites nothing', async () => {
    const occupying = {
      packObjects: async () => {
        mkdirSync(copy);
        writeFileSync(join(copy, 'mine'), 'mine');
        await Promise.resolve();
      },
    };
    await expect(backUp(occupying)).rejects.toMatchObject({ reason: 'invalid_argument/not_empty' });
    expect(readdirSync(copy)).toEqual(['mine']);
    expect(names()).toEqual(['copy', 'data']);
  });

  test('of a store whose signed history is broken is refused', async () => {
    const database = new DatabaseSync(join(data, 'vltair.db'));
    database.exec("UPDATE commits SET signature = replace(signature, 'a', 'b') WHERE number = 2");
    database.close();
    await expect(backUp()).rejects.toMatchObject({ reason: 'internal/chain_broken' });
    expect(names()).toEqual(['data']);
  });
});

describe('a damaged backup', () => {
  const flip = (name: string, at: number): void => {
    const bytes = readFileSync(join(copy, name));
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(join(copy, name), bytes);
  };
  const damages: Readonly<Record<string, readonly [() => void, RegExp]>> = {
    'a flipped byte of the database': [() => flip('store.db', 20_000), /store\.db: its bytes are not/],
    'a flipped byte of the key': [() => flip('signing.key', 40), /signing\.key: its bytes are not/],
    'a database that was cut': [() => truncateSync(join(copy, 'store.db'), 8_192), /it has 8192 bytes/],
    'a missing database': [() => rmSync(join(copy, 'store.db')), /store\.db: it is missing/],
    'a missing manifest': [() => rmSync(join(copy, 'manifest.json')), /was not finished, or is no backup/],
    'a manifest that was cut': [() => truncateSync(join(copy, 'manifest.json'), 100), /no manifest of this version/],
    'a manifest that says something else': [
      () => {
        const path = join(copy, 'manifest.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"createdTs":7000', '"createdTs":7001'));
      },
      /signature does not hold/,
    ],
  };
  test.for(Object.keys(damages))('is refused, and nothing is made of it: %s', async (name) => {
    await backUp();
    const [damage, message] = damages[name] ?? [() => {}, /never/];
    damage();
    const said: unknown = expect.stringMatching(message);
    await expect(restore()).rejects.toMatchObject({ reason: 'invalid_argument/backup', message: said });
    expect(names()).toEqual(['copy', 'data']);
  });

  test('or one that does not exist is told apart', async () => {
    await expect(restore()).rejects.toMatchObject({ reason: 'not_found/file' });
  });

  test('cannot be smuggled a file that was not signed', async () => {
    await backUp({ withKey: false });
    writeFileSync(join(copy, 'policy.yaml'), 'rules: []\n');
    await restore({ key: join(data, 'keys', 'signing.key') });
    expect(existsSync(join(restored, 'policy.yaml'))).toBe(false);
  });
});

describe('a restore', () => {
  test('makes another store: a new identity, an epoch beyond those of the original, no command that waited', async () => {
    writeFileSync(join(data, 'policy.yaml'), 'rules: []\n');
    await withStore(data, async (store) => {
      await store.send({ id: 'c', run: 'live', command: { type: 'pause' }, ts: 1 });
    });
    const { id } = await backUp();
    const original = await withStore(data, async (store) => await store.identity());
    const { store: identity, epoch, droppedCommands } = await restore();
    const found = await withStore(restored, async (store) => await store.identity());
    expect({ droppedCommands, identity: found }).toEqual({
      droppedCommands: 1,
      identity: { store: identity, since: 8_000, backup: id },
    });
    expect(identity).not.toBe(original.store);
    expect(readFileSync(join(restored, 'policy.yaml'), 'utf8')).toBe('rules: []\n');
    await withStore(data, async (store) => {
      expect(store.ownership).toMatchObject({ kind: 'writer' });
      if (store.ownership.kind === 'writer') expect(store.ownership.epoch).toBeLessThan(epoch - 900_000);
    });
    await withStore(restored, async (store) => {
      expect(await store.inbox()).toEqual([]);
      const [fact] = await store.read('live', 2);
      expect(fact).toMatchObject({
        epoch,
        payload: { type: 'run.restored', by: 'ann', backup: id, backupTs: 7_000, isOriginalStopped: false },
      });
      expect((await store.read('ended')).at(-1)?.payload.type).toBe('run.succeeded');
    });
  });

  test('of many unfinished runs tells each of them', async () => {
    const runs = Array.from({ length: 150 }, (_, n) => `many-${n}`);
    await withStore(data, async (store) => {
      await Promise.all(runs.map((run) => aRunOf(store, run, [created(), claimed('w')])));
    });
    await backUp();
    expect((await restore()).runs).toHaveLength(151);
    await withStore(restored, async (store) => {
      for (const run of runs) expect((await store.read(run, 2))[0]?.payload.type).toBe('run.restored');
    });
  });

  test('of a run that behaves as a later version has it is refused whole: nothing may be written into that run', async () => {
    const newer = created();
    if (newer.type !== 'run.created') throw new TypeError('no beginning');
    await withStore(data, async (store) => {
      await aRunOf(store, 'newer', [{ ...newer, manifest: { ...newer.manifest, flags: [900] } }]);
    });
    await backUp();
    await expect(restore()).rejects.toMatchObject({ reason: 'unavailable/newer_run', where: 'newer' });
    expect(names()).toEqual(['copy', 'data']);
    expect(await restore({ isForReading: true })).toMatchObject({ runs: [] });
  });

  test('for reading continues nothing, and signs what begins with a key of its own', async () => {
    await backUp({ withKey: false });
    expect(await restore({ isForReading: true })).toMatchObject({ runs: [] });
    const fingerprint = await withStore(data, async (store) => await Promise.resolve(store.signer().fingerprint));
    await withStore(
      restored,
      async (store) => {
        expect(store.signer().fingerprint).not.toBe(fingerprint);
        expect(await store.run('live')).toMatchObject({ origin: fingerprint });
        expect(await store.read('live')).toHaveLength(2);
        expect(await verifyRun(store, 'live', [fingerprint])).toMatchObject({ kind: 'verified' });
      },
      'read',
    );
  });

  test('wants the key that signed: none, a missing file, another key and no key at all are refused', async () => {
    await backUp({ withKey: false });
    const other = join(root.path, 'other');
    await withStore(other, async () => await Promise.resolve());
    writeFileSync(join(root.path, 'text'), 'no key');
    const given = (file: string): Promise<RestoredStore> => restore({ key: file });
    await expect(restore()).rejects.toMatchObject({ reason: 'invalid_argument/backup_key' });
    await expect(given(join(root.path, 'absent'))).rejects.toMatchObject({ reason: 'not_found/file' });
    await expect(given(join(other, 'keys', 'signing.key'))).rejects.toMatchObject({
      reason: 'invalid_argument/export_key',
    });
    await expect(given(join(root.path, 'text'))).rejects.toMatchObject({
      message: expect.stringContaining('no private key'),
    });
    expect(existsSync(restored)).toBe(false);
    expect(await given(join(data, 'keys', 'signing.key'))).toMatchObject({ runs: ['live'] });
  });

  test('onto something is refused, and changes nothing of it', async () => {
    await backUp();
    mkdirSync(restored);
    copyFileSync(join(copy, 'manifest.json'), join(restored, 'notes'));
    await expect(restore()).rejects.toMatchObject({ reason: 'invalid_argument/not_empty' });
    await expect(restore({ to: data })).rejects.toMatchObject({ reason: 'invalid_argument/not_empty' });
    expect(readdirSync(restored)).toEqual(['notes']);
  });

  test('that fails on its way leaves nothing', async () => {
    await backUp({
      packObjects: async (_, file) => {
        writeFileSync(file, 'objects');
        await Promise.resolve();
      },
    });
    const failing = { unpackObjects: () => Promise.reject(new RangeError('no more')) };
    await expect(restore(failing)).rejects.toMatchObject({ reason: 'unavailable/store_failed' });
    expect(names()).toEqual(['copy', 'data']);
  });
});
