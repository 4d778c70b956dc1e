// The process after the one that was killed: `node recover-runs.ts DIRECTORY STORE`. Opens the store, takes over every
// unfinished run, and tells how long it was until each of them was inside the call again that the kill had cut.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Rounds, systemClock } from '../../../packages/core/src/index.ts';
import { benchRuntime } from './bench-runtime.ts';
import { stepInvoker, type Act } from './five-steps.ts';
import { INTERRUPTED_RUNS } from './interrupted-runs.ts';
import { storeKind } from './open-bench-store.ts';

const POLL_MS = 10;

export const recoveredSchema = z.strictObject({ milliseconds: z.number() });

function refuseRun({ run }: { readonly run: string }, { message }: { readonly message: string }): never {
  throw new Error(`${run} is not taken up: ${message}`);
}

async function main(directory: string, storeName: string): Promise<void> {
  const begun = performance.now();
  const store = await storeKind(storeName).open(directory);
  const allWork = Promise.withResolvers<undefined>();
  const working = new Set<string>();
  const act: Act = async ({ run, incarnation }) => {
    if (incarnation !== 2) throw new RangeError(`${run} works again as incarnation ${incarnation}`);
    working.add(run);
    if (working.size === INTERRUPTED_RUNS) allWork.resolve(undefined);
    return await new Promise<never>(() => {});
  };
  const runtime = benchRuntime(store, stepInvoker(act, 'repeatable'));
  const rows = await store.runs({ statuses: ['running'], limit: INTERRUPTED_RUNS + 1 });
  if (rows.length !== INTERRUPTED_RUNS) throw new RangeError(`${rows.length} runs were interrupted`);
  const rounds = new Rounds({ store, runtime, clock: systemClock, notTakenUp: refuseRun });
  while (working.size < INTERRUPTED_RUNS) {
    await rounds.walk(); // on a shared store they are free when the lease of the killed process has run out
    await Promise.race([allWork.promise, sleep(POLL_MS)]);
  }
  process.send?.(recoveredSchema.parse({ milliseconds: performance.now() - begun }));
  await runtime.close(0);
  await store.close();
  process.disconnect();
}

if (import.meta.main) await main(process.argv[2] ?? '.', process.argv[3] ?? 'sqlite');
