import type { RunState, RuntimeCommand } from '@vltair/core';
import { carryOn } from './carry-on.ts';
import type { RunOutcome } from './run-outcome.ts';
import type { SessionOptions } from './session.ts';

/** What a person says about calls of which nobody knows whether they happened. */
export type ParkedAnswer = 'retry' | 'fail';

/** Takes an unfinished run up, also one that somebody paused, and works on it until it rests. A run that has ended is given back as it is. */
export async function resumeRun(
  session: SessionOptions,
  run: string,
  parked: ParkedAnswer | undefined,
  by: string,
): Promise<RunOutcome> {
  return await carryOn(session, run, ({ pause, waitingFor }) => {
    const resumption: readonly RuntimeCommand[] = pause === undefined ? [] : [{ type: 'resume', by }];
    if (parked === undefined) return resumption;
    return [
      ...resumption,
      ...parkedKeys(waitingFor).map((key) => ({ type: 'resolve', key, resolution: parked, by }) as const),
    ];
  });
}

function parkedKeys(waitingFor: RunState['waitingFor']): readonly string[] {
  return waitingFor.flatMap((wait) => (wait.kind === 'parked_effect' ? [wait.key] : []));
}
