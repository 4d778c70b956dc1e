import type { Clock } from '../ports/clock.ts';

/**
 * The time that stamps facts: the wall clock as it stood when the process began, carried forward by the monotonic clock.
 * Somebody who sets the clock while runs are under way moves no deadline.
 */
export class SteadyTime {
  readonly #clock: Clock;
  readonly #offset: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = clock.now() - clock.monotonic();
  }

  /** Milliseconds since 1970, whole; never goes back within a process. */
  now(): number {
    return Math.floor(this.#offset + this.#clock.monotonic());
  }
}
