// The process after the one that was killed: `node recover-runs.ts DIRECTORY STORE`. Opens the store, takes over every
// unfinished run, and tells how long it was until each of them was inside the call again that the kill had cut.
import { z } from 'zod';
import { benchRuntime } from './bench-runtime.ts';
import { stepInvoker, type Act } from './five-steps.ts';
import { INTERRUPTED_RUNS } from './interrupted-runs.ts';
import { storeKind } from './open-bench-store.ts';

export const recoveredSchema = z.strictObject({ milliseconds: z.number() });

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
  await Promise.all(rows.map(async ({ run }) => await runtime.resume(run)));
  await allWork.promise;
  process.send?.(recoveredSchema.parse({ milliseconds: performance.now() - begun }));
  await runtime.close(0);
  await store.close();
  process.disconnect();
}

if (import.meta.main) await main(process.argv[2] ?? '.', process.argv[3] ?? 'sqlite');
