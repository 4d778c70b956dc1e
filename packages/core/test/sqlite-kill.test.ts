import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { verifyRun } from '../src/journal/verify-run.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { aDirectory } from './journal-builders.ts';
import { NO_RUNS, openReplayedStore } from './replayed-store.ts';

const ROUNDS = 10;
const directory = aDirectory();
afterAll(() => directory.remove());

test('after kill -9 at any moment every acknowledged event is there, the chain verifies, and the next owner gets in at once', async () => {
  const acknowledged = new Map<string, string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const delay = Math.random() * 150;
    for (const [place, hash] of await appendUntilKilled(delay)) acknowledged.set(place, hash);
    const store = await openOwned();
    try {
      await expectAll(store, acknowledged, `round ${round}, killed after ${delay} ms`);
    } finally {
      await store.close();
    }
  }
  expect(acknowledged.size).toBeGreaterThan(ROUNDS);
});

test('a live owner is named to whoever comes second, who sees its commits', async () => {
  const child = startChild();
  try {
    await once(child.stdout, 'data');
    child.stdout.resume();
    await expect(openOwned()).rejects.toMatchObject({
      reason: 'unavailable/store_locked',
      message: expect.stringContaining(`process ${child.pid}`),
    });
    const reader = await openReplayedStore({
      ...NO_RUNS,
      directory: directory.path,
      mode: 'write_or_read',
      now: Date.now,
      onWarning: refuse,
    });
    expect(reader.ownership).toMatchObject({ kind: 'reader', owner: { pid: child.pid } });
    const changes = reader.changes();
    await expect.poll(() => reader.changes()).not.toBe(changes);
    await reader.close();
  } finally {
    await kill(child);
  }
  await (await openOwned()).close();
});

function openOwned(): Promise<EventStore> {
  return openReplayedStore({ ...NO_RUNS, directory: directory.path, mode: 'write', now: Date.now, onWarning: refuse });
}

function refuse(warning: string): never {
  throw new TypeError(warning);
}

/** `run seq` to hash of every append that the child heard of as durable. The clock of the kill starts at the first. */
async function appendUntilKilled(delay: number): Promise<ReadonlyMap<string, string>> {
  const child = startChild();
  let output = '';
  child.stdout.on('data', (text: string) => (output += text));
  await once(child.stdout, 'data');
  await sleep(delay);
  await kill(child);
  const lines = output.slice(0, output.lastIndexOf('\n')).split('\n');
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]));
}

function startChild(): ChildProcessByStdio<null, Readable, null> {
  const script = fileURLToPath(new URL('./appending-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, directory.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8');
  return child;
}

async function kill(child: ChildProcessByStdio<null, Readable, null>): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

async function expectAll(store: EventStore, acknowledged: ReadonlyMap<string, string>, when: string): Promise<void> {
  const stored = new Map<string, string>();
  const positions: number[] = [];
  for (const { run } of await store.runs({})) {
    expect(await verifyRun(store, run), when).toMatchObject({ kind: 'verified' });
    for (const { position, header, hash } of await store.entries(run, 0, 1_000_000)) {
      stored.set(`${run} ${header.seq}`, hash);
      positions.push(position);
    }
  }
  expect(
    [...acknowledged].filter(([place, hash]) => stored.get(place) !== hash),
    when,
  ).toEqual([]);
  const inOrder = positions.toSorted((left, right) => left - right);
  expect(
    inOrder.findIndex((position, index) => position !== index + 1),
    `a gap, ${when}`,
  ).toBe(-1);
}
