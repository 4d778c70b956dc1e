import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { VltairError } from '@vltair/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aDirectory, anAppend, aRunOf, claimed, created } from '../../test/journal-builders.ts';
import { NO_RUNS, openReplayedStore } from '../../test/replayed-store.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { SqliteStoreOptions } from './open-sqlite-store.ts';
import { startTimeOf } from './owner-lock.ts';
import { verifyCommits } from './verify-commits.ts';
import { verifyRun } from './verify-run.ts';

let root: ReturnType<typeof aDirectory>;
let directory: string;
let warnings: string[];
const opened: EventStore[] = [];

async function open(
  mode: SqliteStoreOptions['mode'] = 'write',
  commitOn: SqliteStoreOptions['commitOn'] = 'caller',
): Promise<EventStore> {
  const onWarning = (warning: string): number => warnings.push(warning);
  const store = await openReplayedStore({ ...NO_RUNS, directory, mode, now: () => 42, onWarning, commitOn });
  opened.push(store);
  return store;
}
const file = (...names: readonly string[]): string => join(directory, ...names);

beforeEach(() => {
  root = aDirectory();
  directory = join(root.path, 'project', '.vltair');
  warnings = [];
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  root.remove();
});

describe('a new data directory', () => {
  test('is closed to others, ignored by git, and holds a private key', async () => {
    await open();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readFileSync(file('.gitignore'), 'utf8')).toBe('*\n');
    expect(statSync(file('keys')).mode & 0o777).toBe(0o700);
    expect(statSync(file('keys', 'signing.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(file('keys', 'signing.key'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  test('is not made by a reader', async () => {
    await expect(open('read')).rejects.toMatchObject({ reason: 'not_found/store' });
    expect(existsSync(directory)).toBe(false);
  });
});

describe('the signing key', () => {
  test('stays the same over openings', async () => {
    const first = await open();
    const { fingerprint } = first.signer();
    await first.close();
    expect((await open()).signer().fingerprint).toBe(fingerprint);
    expect(warnings).toEqual([]);
  });

  test('that others could read is closed to them, with a warning', async () => {
    await (await open()).close();
    chmodSync(file('keys', 'signing.key'), 0o644);
    await open();
    expect(statSync(file('keys', 'signing.key')).mode & 0o777).toBe(0o600);
    expect(warnings).toEqual([expect.stringContaining('could be read by others (mode 644)')]);
  });

  test('that is new for an old store is said, and does not continue what the old key signed', async () => {
    const first = await open();
    await aRunOf(first, 'r1', [created()]);
    const { fingerprint } = first.signer();
    expect(await verifyRun(first, 'r1')).toMatchObject({ kind: 'verified', fingerprint });
    await first.close();
    writeFileSync(file('keys', 'signing.key'), '');
    await expect(open()).rejects.toMatchObject({
      reason: 'unavailable/store_corrupt',
      where: file('keys', 'signing.key'),
    });
    rmSync(file('keys', 'signing.key'));
    const second = await open();
    expect(warnings).toEqual([expect.stringContaining('is not the one that signed before')]);
    await expect(second.append(anAppend(second, { run: 'r1', expectedSeq: 1 }))).rejects.toMatchObject({
      reason: 'internal/chain_broken',
      message: expect.stringContaining(`signed by ${fingerprint}, not ${second.signer().fingerprint}`),
    });
    expect(await second.append(anAppend(second, { run: 'r2' }))).toMatchObject({ kind: 'appended' });
  });
});

describe('ownership', () => {
  test('a second owner is refused, naming the process, also within one process', async () => {
    verifies('OC-11');
    await open();
    await expect(open()).rejects.toMatchObject({
      reason: 'unavailable/store_locked',
      message: expect.stringContaining(`process ${process.pid}`),
    });
  });

  test('whoever may also read becomes a reader and learns who owns the directory', async () => {
    await open();
    const reader = await open('write_or_read');
    const owner = { pid: process.pid, startTime: startTimeOf('self'), since: 42 };
    expect(reader.ownership).toEqual({ kind: 'reader', owner });
  });

  test('a reader reads, sees what the owner appends, sends commands, and may not append', async () => {
    const owner = await open('write', 'thread');
    const reader = await open('read');
    const changes = reader.changes();
    await aRunOf(owner, 'r1', [created(), claimed('a')]);
    expect(reader.changes()).not.toBe(changes);
    expect(await reader.read('r1')).toEqual(await owner.read('r1'));
    await reader.send({ id: 'c1', run: 'r1', command: { type: 'cancel' }, ts: 1 });
    await reader.send({ id: 'c1', run: 'r1', command: { type: 'cancel' }, ts: 2 });
    expect(await owner.inbox()).toEqual([{ id: 'c1', run: 'r1', command: { type: 'cancel' }, ts: 1 }]);
    const append = reader.append(anAppend(reader, { run: 'r1', expectedSeq: 2 }));
    await expect(append).rejects.toMatchObject({ reason: 'unavailable/store_locked' });
    expect(reader.signer().fingerprint).toBe(owner.signer().fingerprint);
  });

  test('a directory without a live owner is read with none, whatever owner.json says', async () => {
    await (await open()).close();
    writeFileSync(file('owner.json'), JSON.stringify({ pid: 1, startTime: '1', since: 1 }));
    expect((await open('read')).ownership).toEqual({ kind: 'reader', owner: undefined });
  });

  test('a command that is sent while nobody owns the directory waits for the next owner', async () => {
    await (await open()).close();
    const reader = await open('read');
    await reader.send({ id: 'c1', run: 'r1', command: { type: 'cancel' }, ts: 1 });
    await reader.close();
    expect((await (await open()).inbox()).map(({ id }) => id)).toEqual(['c1']);
  });

  test('a probe that holds its shared lock for a while does not look like an owner', async () => {
    await (await open()).close();
    const script = `
      const probe = new (require('node:sqlite').DatabaseSync)(process.argv[1], { readOnly: true });
      probe.exec('BEGIN; SELECT 1 FROM sqlite_schema');
      console.log('holds');
      setTimeout(() => probe.close(), 300);`;
    const probe = spawn(process.execPath, ['-e', script, file('owner.lock')], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(probe.stdout, 'data');
    expect((await open()).ownership.kind).toBe('writer');
  });

  test('closing gives the directory to the next, once', async () => {
    const first = await open();
    await first.close();
    await open();
    await first.close();
    expect(existsSync(file('owner.json'))).toBe(true);
    await expect(open()).rejects.toMatchObject({ reason: 'unavailable/store_locked' });
  });
});

describe('a store that cannot be used', () => {
  async function aStoreWithRuns(): Promise<void> {
    const store = await open();
    await aRunOf(
      store,
      'r1',
      Array.from({ length: 60 }, (_, index) => claimed(`worker ${index} ${'x'.repeat(500)}`)),
    );
    await store.close();
  }

  test('a newer schema is refused and nothing changes', async () => {
    verifies('CE-1');
    verifies('OC-1');
    await aStoreWithRuns();
    sql('PRAGMA user_version = 99');
    const before = readFileSync(file('vltair.db'));
    for (const mode of ['write', 'read', 'write_or_read'] as const) {
      await expect(open(mode)).rejects.toMatchObject({ reason: 'unavailable/store_newer' });
    }
    expect(readFileSync(file('vltair.db')).equals(before)).toBe(true);
    expect(readdirSync(directory)).not.toContain('owner.json');
  });

  test('the database of another program is refused and nothing changes', async () => {
    mkdirSync(directory, { recursive: true });
    sql('CREATE TABLE theirs (a)');
    const before = readFileSync(file('vltair.db'));
    for (const mode of ['write', 'read'] as const) {
      await expect(open(mode)).rejects.toMatchObject({ reason: 'unavailable/store_corrupt' });
    }
    expect(readFileSync(file('vltair.db')).equals(before)).toBe(true);
  });

  test('a file that is no database is refused', async () => {
    verifies('CE-1');
    mkdirSync(directory, { recursive: true });
    writeFileSync(file('vltair.db'), 'this is a text, and long enough to look like more than a header\n'.repeat(50));
    for (const mode of ['write', 'read'] as const) {
      await expect(open(mode)).rejects.toMatchObject({ reason: 'unavailable/store_corrupt' });
    }
  });

  test('an empty file, as a crash before the first commit leaves it, becomes a store', async () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file('vltair.db'), '');
    await expect(open('read')).rejects.toMatchObject({ reason: 'not_found/store' });
    await aRunOf(await open(), 'r1', [created()]);
  });

  test('a truncated database is refused', async () => {
    verifies('CE-1');
    await aStoreWithRuns();
    truncateSync(file('vltair.db'), statSync(file('vltair.db')).size / 2);
    await expect(readRun()).rejects.toMatchObject({ reason: 'unavailable/store_corrupt' });
  });

  test('damage anywhere in the file is an error of the catalogue or does not matter; no altered event is ever read', async () => {
    verifies('CE-1');
    await aStoreWithRuns();
    const whole = readFileSync(file('vltair.db'));
    const expected = await readRun();
    const reasons = new Set<string>();
    for (let offset = 100; offset < whole.length; offset += 1_499) {
      const damaged = Buffer.from(whole);
      damaged.fill(damaged.readUInt8(offset) ^ 0x55, offset, offset + 8);
      writeFileSync(file('vltair.db'), damaged);
      const outcome = await readRun().then(
        (events) => ({ events, reason: undefined }),
        (error: unknown) => ({ events: undefined, reason: error instanceof VltairError ? error.reason : 'none' }),
      );
      if (outcome.events === undefined) reasons.add(String(outcome.reason));
      else expect(outcome.events).toEqual(expected);
    }
    expect([...reasons].toSorted()).toEqual(expect.arrayContaining(['internal/chain_broken']));
    for (const reason of reasons) {
      expect([
        'internal/chain_broken',
        'unavailable/store_corrupt',
        'unavailable/store_newer',
        'unavailable/store_failed',
      ]).toContain(reason);
    }
  });

  async function readRun(): Promise<unknown> {
    const store = await open('read');
    try {
      return await store.read('r1');
    } finally {
      await store.close();
    }
  }
});

describe('someone who edits the database', () => {
  const edits: Readonly<Record<string, string>> = {
    'changes a payload': `UPDATE events SET payload = replace(payload, 'b', 'z') WHERE seq = 2`,
    'changes a time': 'UPDATE events SET ts = ts + 1 WHERE seq = 2',
    'deletes an event from the middle': 'DELETE FROM events WHERE seq = 2',
    'deletes the last event': 'DELETE FROM events WHERE seq = 3',
    'swaps two events':
      'UPDATE events SET seq = CASE seq WHEN 1 THEN -2 ELSE -1 END WHERE seq < 3; UPDATE events SET seq = -seq WHERE seq < 0',
    'hands an event to another run': `UPDATE events SET run = 'r2', seq = 9 WHERE run = 'r1' AND seq = 3`,
  };
  for (const [what, edit] of Object.entries(edits)) {
    test(`and ${what} is found by read and by verifyRun`, async () => {
      verifies('SP-9');
      const store = await open();
      await aRunOf(store, 'r2', [created()]);
      await aRunOf(store, 'r1', [created(), claimed('b'), claimed('c')]);
      sql(edit);
      await expect(store.read('r1')).rejects.toMatchObject({
        reason: 'internal/chain_broken',
        where: expect.stringMatching(/^r1:[123]$/),
      });
      expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'refused', reason: 'internal/chain_broken' });
    });
  }

  test('cannot sign: a consistent rewrite of an event and its hashes has no commit', async () => {
    verifies('SP-9');
    const store = await open();
    await aRunOf(store, 'r1', [created(), claimed('b')]);
    const other = join(root.path, 'other');
    const forger = await openReplayedStore({
      ...NO_RUNS,
      directory: other,
      mode: 'write',
      now: () => 1,
      onWarning: () => undefined,
    });
    await aRunOf(forger, 'r1', [created('another title'), claimed('b')]);
    await forger.close();
    sql(
      `ATTACH '${join(other, 'vltair.db')}' AS forged; DELETE FROM events; INSERT INTO events SELECT * FROM forged.events;
       UPDATE runs SET hash = (SELECT hash FROM forged.runs)`,
    );
    expect(await store.read('r1')).toHaveLength(2);
    expect(await verifyRun(store, 'r1')).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('commit 1'),
    });
  });

  const forgeries: Readonly<Record<string, string>> = {
    'another statement': `UPDATE commits SET statement = replace(statement, '"commit":1', '"commit":7')`,
    'no statement': `UPDATE commits SET statement = 'x'`,
    'another signature': `UPDATE commits SET signature = replace(signature, substr(signature, 1, 8), 'ffffffff')`,
    'no signature': `UPDATE commits SET signature = 'x'`,
    'a key that is none': `UPDATE keys SET public_key = 'x'`,
    'no commits': 'DELETE FROM commits',
    'no first commit': 'DELETE FROM commits WHERE number = 1',
    'a run whose end is cut off consistently': `DELETE FROM events WHERE position = 2; UPDATE runs SET seq = 1, hash = (SELECT hash FROM events WHERE run = 'r1') WHERE run = 'r1'`,
    'a store from which another run is gone': `DELETE FROM events WHERE run = 'r2'; DELETE FROM runs WHERE run = 'r2'`,
  };
  for (const [what, edit] of Object.entries(forgeries)) {
    test(`and leaves ${what} is found by verifyRun`, async () => {
      const store = await open();
      await aRunOf(store, 'r1', [created(), claimed('b')]);
      await aRunOf(store, 'r2', [created()]);
      sql(edit);
      expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'refused', reason: 'internal/chain_broken' });
    });
  }

  test('who cuts the end off the whole store is found only by whoever noted its head', async () => {
    const store = await open();
    await aRunOf(store, 'r1', [created()]);
    const noted = await verifyCommits(store);
    await aRunOf(store, 'r2', [created()]);
    const newer = await verifyCommits(store);
    sql("DELETE FROM commits WHERE number = 2; DELETE FROM events WHERE run = 'r2'; DELETE FROM runs WHERE run = 'r2'");
    expect(newer).toMatchObject({ kind: 'verified', commits: 2, lastPosition: 2 });
    expect(await verifyCommits(store)).toEqual(noted);
  });

  test('and forges a snapshot is ignored', async () => {
    verifies('OC-12');
    verifies('CE-1');
    verifies('OC-1');
    const store = await open();
    await aRunOf(store, 'r1', [created(), claimed('b')]);
    for (const { seq, hash } of await store.read('r1'))
      await store.saveSnapshot({ run: 'r1', seq, hash, schema: 1, state: { seq } });
    sql(`UPDATE snapshots SET text = replace(text, '"state":{"seq":2}', '"state":{"seq":3}')`);
    expect(await store.loadSnapshot('r1', 1)).toMatchObject({ seq: 1 });
  });
});

test('an event whose payload was purged keeps its place in the proof and cannot be folded', async () => {
  const store = await open();
  await aRunOf(store, 'r1', [created(), claimed('b'), claimed('c')]);
  sql('UPDATE events SET payload = NULL, salt = NULL WHERE seq = 2');
  expect(await verifyRun(store, 'r1')).toMatchObject({ kind: 'verified', count: 3, purged: 1 });
  await expect(store.read('r1')).rejects.toMatchObject({ reason: 'not_found/payload', where: 'r1:2' });
  expect((await store.entries('r1', 1, 1))[0]).not.toHaveProperty('payload');
});

test('much that is acknowledged together does not keep the event loop to itself', async () => {
  const store = await open('write', 'thread');
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  const appends = Array.from({ length: 320 }, (_, index) =>
    store.append(anAppend(store, { run: `r${index}`, events: [{ ts: 1, payload: created() }] })),
  );
  await appends[0];
  turn();
  const outcomes = await Promise.all(appends);
  isOver = true;
  expect(outcomes.map(({ kind }) => kind)).toEqual(appends.map(() => 'appended'));
  expect(turns).toBeGreaterThanOrEqual(9);
});

test('when the thread that commits is lost, what waits is rejected and the store says that it is unusable', async () => {
  const store = await open('write', 'thread');
  // The thread reads the key when it starts, which is after this.
  rmSync(file('keys', 'signing.key'));
  const lost = {
    reason: 'unavailable/store_failed',
    message: expect.stringContaining('the thread that commits has ended'),
  };
  await expect(store.append(anAppend(store, { run: 'r1' }))).rejects.toMatchObject(lost);
  await expect(store.append(anAppend(store, { run: 'r2' }))).rejects.toMatchObject(lost);
  expect(await store.runs({})).toEqual([]);
});

test('when a commit fails, each append of its group is rejected with the cause, nothing of it stays, and the next one works', async () => {
  verifies('CE-1');
  const store = await open('write', 'thread');
  await aRunOf(store, 'r1', [created()]);
  sql('ALTER TABLE commits RENAME TO hidden');
  const group = await Promise.allSettled(
    ['r1', 'r2'].map((run) => store.append(anAppend(store, { run, expectedSeq: run === 'r1' ? 1 : 0 }))),
  );
  expect(group).toMatchObject([
    { status: 'rejected', reason: { reason: 'unavailable/store_failed' } },
    { status: 'rejected', reason: { reason: 'unavailable/store_failed' } },
  ]);
  sql('ALTER TABLE hidden RENAME TO commits');
  expect(await store.head('r2')).toBeUndefined();
  expect(await store.append(anAppend(store, { run: 'r1', expectedSeq: 1 }))).toMatchObject({
    kind: 'appended',
    lastPosition: 2,
  });
});

function sql(statements: string): void {
  const database = new DatabaseSync(file('vltair.db'), { enableForeignKeyConstraints: false });
  database.exec(statements);
  database.close();
}
