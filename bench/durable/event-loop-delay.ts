import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the delay is looked at: idle, it is this and a little more. */
const RESOLUTION_MS = 1;

/** Watches how late the event loop of this process is; what it gives tells the delay in milliseconds that 99.9 % of looks did not exceed. */
export function watchEventLoop(): () => number {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return () => {
    histogram.disable();
    return histogram.percentile(99.9) / 1e6;
  };
}
