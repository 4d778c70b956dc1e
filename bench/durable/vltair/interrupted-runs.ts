// The process that the bench kills: `node interrupted-runs.ts DIRECTORY STORE`. Begins 1,000 runs whose third step waits
// inside its effect, and tells what they added to its memory; then it waits for its end.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { EventStore } from '@vltair/core';
import { benchRuntime, runToEnd, startRun } from './bench-runtime.ts';
import { actAtOnce, stepInvoker, type Act } from './five-steps.ts';
import { storeKind } from './open-bench-store.ts';

export const INTERRUPTED_RUNS = 1_000;
/** Whole runs before, so that code is compiled and pools are filled when memory is looked at. */
const WARM_UP_RUNS = 3_000;

export const interruptedSchema = z.strictObject({ residentBytes: z.number(), heapBytes: z.number() });

async function main(directory: string, storeName: string): Promise<void> {
  const store = await storeKind(storeName).open(directory);
  const warm = benchRuntime(store, stepInvoker(actAtOnce, 'repeatable'));
  await inGroups(WARM_UP_RUNS, async () => void (await runToEnd(warm)));
  const before = await memory();
  await beginAll(store);
  const after = await memory();
  const told = { residentBytes: after.rss - before.rss, heapBytes: heapOf(after) - heapOf(before) };
  process.send?.(interruptedSchema.parse(told));
  setInterval(() => {}, 60_000); // it lives until it is killed
}

/** Resolves when every run waits inside the call of its third step. */
async function beginAll(store: EventStore): Promise<void> {
  const allWait = Promise.withResolvers<undefined>();
  let waiting = 0;
  const act: Act = async (context) => {
    if (context.node !== 'third') return await actAtOnce(context);
    waiting += 1;
    if (waiting === INTERRUPTED_RUNS) allWait.resolve(undefined);
    return await new Promise<never>(() => {});
  };
  const runtime = benchRuntime(store, stepInvoker(act, 'repeatable'));
  await inGroups(INTERRUPTED_RUNS, async () => void (await startRun(runtime)));
  await allWait.promise;
}

async function inGroups(count: number, work: () => Promise<void>): Promise<void> {
  const size = 50;
  for (let done = 0; done < count; done += size) await Promise.all(Array.from({ length: size }, work));
}

/** After the garbage is gone. */
async function memory(): Promise<NodeJS.MemoryUsage> {
  for (let times = 0; times < 3; times += 1) {
    globalThis.gc?.();
    await sleep(20);
  }
  return process.memoryUsage();
}

function heapOf({ heapUsed, external }: NodeJS.MemoryUsage): number {
  return heapUsed + external;
}

if (import.meta.main) await main(process.argv[2] ?? '.', process.argv[3] ?? 'sqlite');
