import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppendRequest, type EventStore, openSqliteStore } from '../packages/core/src/index.ts';

/**
 * Durable appends a second (one event of about 400 bytes, fsync on) with 1, 50 and 500 runs in flight, and what opening
 * costs. Prints JSON. Usage: node bench/append.ts [SECONDS]
 */
const seconds = Number(process.argv[2] ?? 1);
const directory = mkdtempSync(join(tmpdir(), 'vltair-bench-'));
const open = (mode: 'write' | 'read'): Promise<EventStore> =>
  openSqliteStore({ directory, mode, now: Date.now, onWarning: (warning) => console.error(warning) });

const row: AppendRequest['row'] = {
  status: 'running',
  workflow: 'bench',
  title: 'bench',
  joinKey: undefined,
  traceId: '0af7651916cd43dd8448eb211c80319c',
  createdTs: 1,
  updatedTs: 1,
  failure: undefined,
  wakeTs: undefined,
};

/** Keeps one append of each of `inFlight` runs under way until the time is over. */
async function appendFor(store: EventStore, inFlight: number): Promise<object> {
  const latencies: number[] = [];
  const end = performance.now() + seconds * 1_000;
  const epoch = store.ownership.kind === 'writer' ? store.ownership.epoch : 0;
  const drive = async (run: string): Promise<void> => {
    for (let expectedSeq = 0; performance.now() < end; expectedSeq += 1) {
      const started = performance.now();
      const events = [{ ts: 1, payload: { type: 'run.claimed', worker: 'w'.repeat(360) } }] as const;
      await store.append({ run, tenant: 'local', expectedSeq, epoch, events, row });
      latencies.push(performance.now() - started);
    }
  };
  const cpu = process.cpuUsage();
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, (_, index) => drive(`${inFlight}-${index}`)));
  const elapsed = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuMicrosEach = Math.round((user + system) / latencies.length);
  const ordered = latencies.toSorted((left, right) => left - right);
  const quantile = (q: number): number => round(ordered[Math.floor(ordered.length * q)] ?? 0);
  return {
    inFlight,
    appendsPerSecond: Math.round(latencies.length / elapsed),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    cpuMicrosEach,
  };
}

async function timeToList(): Promise<number> {
  const started = performance.now();
  const store = await open('read');
  await store.runs({});
  const elapsed = performance.now() - started;
  await store.close();
  return elapsed;
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

const store = await open('write');
await appendFor(store, 2); // The thread that commits has started when this is over.
const appends: object[] = [];
for (const inFlight of [1, 50, 500]) appends.push(await appendFor(store, inFlight));
const opens: number[] = [];
for (let index = 0; index < 9; index += 1) opens.push(await timeToList());
await store.close();
rmSync(directory, { recursive: true });
const median = opens.toSorted((left, right) => left - right)[4] ?? 0;
console.log(
  JSON.stringify(
    { secondsEach: seconds, appends, openAndListMs: { first: round(opens[0] ?? 0), median: round(median) } },
    null,
    2,
  ),
);
