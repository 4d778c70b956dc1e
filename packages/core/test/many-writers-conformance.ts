import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { StoredEvent } from '@vltair/protocol';
import { verifyCommits } from '../src/journal/verify-commits.ts';
import { verifyRun } from '../src/journal/verify-run.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { type Acknowledged, RUNS, type StoreAddress } from './many-writers.ts';

export interface SharedPlace {
  /** Opens the store for reading, beside the writers; `undefined` while nobody has made it. */
  reader(): Promise<EventStore | undefined>;
  /** Eight writers at a time, in processes of their own where the store can be shared between processes. */
  write(writer: string, count: number): Promise<readonly Acknowledged[]>;
  remove(): Promise<void>;
}

const WRITERS = 8;

/** What every store does when eight writers append to the same five runs. */
export function describeManyWriters(name: string, makePlace: () => Promise<SharedPlace>, eventsEach: number): void {
  describe(name, () => {
    test('eight writers lose, repeat and reorder nothing, no earlier epoch writes after a later one, and a follower misses nothing', async () => {
      const place = await makePlace();
      try {
        const following = follow(place, WRITERS * eventsEach);
        const writing = Array.from({ length: WRITERS }, (_, index) => place.write(`w${index}`, eventsEach));
        const acknowledged = (await Promise.all(writing)).flat();
        const store = await place.reader();
        if (store === undefined) throw new TypeError('nobody has made the store');
        const events = (await Promise.all(RUNS.map((run) => store.read(run)))).flat();
        expectEach(acknowledged, events);
        expectEpochsInOrder(events);
        expect(await following).toEqual(events.map(placed).toSorted((a, b) => a.position - b.position));
        expect(await verifyCommits(store)).toMatchObject({ kind: 'verified', lastPosition: events.length });
        for (const run of RUNS) expect(await verifyRun(store, run)).toMatchObject({ kind: 'verified' });
        await store.close();
      } finally {
        await place.remove();
      }
    }, 240_000);
  });
}

const execute = promisify(execFile);
const child = fileURLToPath(new URL('./many-writers-child.ts', import.meta.url));
const acknowledgedSchema = z.array(
  z.strictObject({ run: z.string(), seq: z.int(), position: z.int(), label: z.string() }),
);

/** Writes in another process. */
export async function writeInProcess(
  address: StoreAddress,
  writer: string,
  count: number,
): Promise<readonly Acknowledged[]> {
  const { stdout } = await execute(process.execPath, [child, JSON.stringify(address), writer, String(count)], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return acknowledgedSchema.parse(JSON.parse(stdout));
}

/** Every acknowledged event is where it was said to be, once, and there are no others. */
function expectEach(acknowledged: readonly Acknowledged[], events: readonly StoredEvent[]): void {
  const stored = events.map((event) => ({ ...placed(event), label: labelOf(event) }));
  const byPosition = (a: Acknowledged, b: Acknowledged): number => a.position - b.position;
  expect(stored.toSorted(byPosition)).toEqual(acknowledged.toSorted(byPosition));
}

/** S2. */
function expectEpochsInOrder(events: readonly StoredEvent[]): void {
  for (const run of RUNS) {
    const epochs = events.filter((event) => event.run === run).map(({ epoch }) => epoch);
    expect(epochs, run).toEqual(epochs.toSorted((a, b) => a - b));
  }
}

/** S4. Follows the store from the start, as soon as it is there, until all of it was seen. */
async function follow(place: SharedPlace, count: number): Promise<readonly Omit<Acknowledged, 'label'>[]> {
  const seen: Omit<Acknowledged, 'label'>[] = [];
  let store: EventStore | undefined;
  const end = performance.now() + 200_000;
  while (seen.length < count && performance.now() < end) {
    store ??= await place.reader();
    const events = (await store?.tail(seen.at(-1)?.position ?? 0, 50)) ?? [];
    seen.push(...events.map(placed));
    if (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await store?.close();
  return seen;
}

function placed({ run, seq, position }: StoredEvent): Omit<Acknowledged, 'label'> {
  return { run, seq, position };
}

function labelOf({ payload }: StoredEvent): string {
  return payload.type === 'run.claimed' ? payload.worker : '';
}
