/** Time as the runtime sees it. */
export interface Clock {
  /** Milliseconds since 1970; may jump when somebody sets the clock. Only stamps facts. */
  now(): number;
  /** Milliseconds of a clock that never jumps. Only measures durations and waits. */
  monotonic(): number;
  /** Calls back once after `milliseconds` of monotonic time. The handle cancels it. */
  after(milliseconds: number, callback: () => void): { cancel(): void };
}

/** The clocks of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, Math.min(milliseconds, MAX_TIMER_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** The longest delay that `setTimeout` takes; whoever waits longer is woken early and waits again. */
const MAX_TIMER_MS = 2 ** 31 - 1;
