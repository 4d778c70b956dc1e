import { exportRun } from '../../src/index.ts';
import { Choices } from '../simulation/choices.ts';
import { simulate } from '../simulation/simulation.ts';
import type { RecordedRun } from './kept-histories.ts';

/** Longer runs show little more, and are large. */
const MOST_LINES = 200;

/** The runs of the seeds from 1 on, until there are `count`: the same bytes for the same code. */
export async function simulatedRuns(count: number): Promise<readonly RecordedRun[]> {
  const runs: RecordedRun[] = [];
  for (let seed = 1; runs.length < count; seed += 1) runs.push(...(await runsOfSeed(seed)));
  return runs.slice(0, count);
}

/** @throws Violation when the simulation finds a fault: what it leaves behind is nothing to keep. */
async function runsOfSeed(seed: number): Promise<readonly RecordedRun[]> {
  const found: RecordedRun[] = [];
  const { violation } = await simulate(Choices.ofSeed(seed), {
    keep: async (store, runs) => {
      for (const run of runs) {
        const lines = await Array.fromAsync(exportRun(store, run));
        if (lines.length <= MOST_LINES) found.push({ from: `seed ${seed}`, text: lines.join('') });
      }
    },
  });
  if (violation !== undefined) throw violation;
  return found;
}
