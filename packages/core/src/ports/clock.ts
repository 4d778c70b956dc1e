/** Time as the runtime sees it. */
export interface Clock {
  /** Milliseconds since 1970; may jump when somebody sets the clock. Only stamps facts. */
  now(): number;
  /** Milliseconds of a clock that never jumps. Only measures durations and waits. */
  monotonic(): number;
  /** Calls back once after `milliseconds` of monotonic time. The handle cancels it. */
  after(milliseconds: number, callback: () => void): { cancel(): void };
  /** Calls back once, when all that follows at once from what happens now has followed; those who ask together, together. */
  soon(callback: () => void): void;
}

/** The clocks of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, Math.min(milliseconds, MAX_TIMER_MS));
    return { cancel: () => clearTimeout(timer) };
  },
  soon: (callback) => {
    awaited.push(callback);
    planCalls();
  },
};

const awaited: (() => void)[] = [];
const calls = { arePlanned: false };

/** Called in one go, with nothing in between, so that what they send travels together; more than these keep others waiting. */
const MOST_IN_A_TURN = 32;

function planCalls(): void {
  if (calls.arePlanned || awaited.length === 0) return;
  calls.arePlanned = true;
  setImmediate(callSome);
}

function callSome(): void {
  calls.arePlanned = false;
  for (const callback of awaited.splice(0, MOST_IN_A_TURN)) callback();
  planCalls();
}

/** The longest delay that `setTimeout` takes; whoever waits longer is woken early and waits again. */
const MAX_TIMER_MS = 2 ** 31 - 1;
