import { quantile } from './statistics.ts';

export interface LoadWish {
  /** Workflows under way at a time. */
  readonly inFlight: number;
  readonly milliseconds: number;
}

export interface Load {
  readonly workflows: number;
  /** From the first start until the last one that had begun in time has ended. */
  readonly seconds: number;
  /** From the call that starts a workflow until its caller knows that it has ended. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly p999: number };
}

/** A closed loop: every one of `inFlight` callers begins its next workflow when the one before has ended, until the time is over. */
export async function driveLoad(runOne: () => Promise<void>, { inFlight, milliseconds }: LoadWish): Promise<Load> {
  const latencies: number[] = [];
  const begun = performance.now();
  const call = async (): Promise<void> => {
    while (performance.now() - begun < milliseconds) {
      const started = performance.now();
      await runOne();
      latencies.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, call));
  const seconds = (performance.now() - begun) / 1_000;
  const at = (q: number): number => quantile(latencies, q);
  return { workflows: latencies.length, seconds, latencyMs: { p50: at(0.5), p99: at(0.99), p999: at(0.999) } };
}
