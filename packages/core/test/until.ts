import { setTimeout } from 'node:timers/promises';

/** Waits until the claim holds. @throws Error when it does not within five seconds of real time. */
export async function until(claim: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 5_000;
  while (!(await claim())) {
    if (performance.now() > end) throw new Error(`not within five seconds: ${claim.toString()}`);
    await setTimeout(2);
  }
}
