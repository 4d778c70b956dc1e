import { setImmediate as nextTurn } from 'node:timers/promises';

export const STEPS = ['first', 'second', 'third', 'fourth', 'fifth'] as const;

/** What every step of every engine does: nothing that takes time, so that only what makes it durable is measured. */
export async function act(step: string): Promise<{ readonly step: string }> {
  await nextTurn();
  return { step };
}
